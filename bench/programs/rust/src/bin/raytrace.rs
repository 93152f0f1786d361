//! Ray tracing: spheres and planes behind a trait, reflections, a shadow, 64-bit floats.

use programs::{Digest, Random, run};
use std::ops::{Add, Mul, Sub};

#[derive(Clone, Copy)]
struct Vector(f64, f64, f64);

impl Add for Vector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }
}

impl Sub for Vector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1, self.2 - other.2)
    }
}

impl Mul<f64> for Vector {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0 * factor, self.1 * factor, self.2 * factor)
    }
}

impl Vector {
    fn dot(self, other: Self) -> f64 {
        self.0 * other.0 + self.1 * other.1 + self.2 * other.2
    }

    fn unit(self) -> Self {
        self * (1.0 / self.dot(self).sqrt())
    }

    fn reflect(self, normal: Self) -> Self {
        self - normal * (2.0 * self.dot(normal))
    }
}

struct Ray {
    origin: Vector,
    direction: Vector,
}

trait Shape {
    /// The distance along the ray at which it meets the shape.
    fn meet(&self, ray: &Ray) -> Option<f64>;
    fn normal(&self, point: Vector) -> Vector;
    fn colour(&self, point: Vector) -> Vector;
    fn mirror(&self) -> f64;
}

struct Sphere {
    centre: Vector,
    radius: f64,
    colour: Vector,
}

impl Shape for Sphere {
    fn meet(&self, ray: &Ray) -> Option<f64> {
        let offset = ray.origin - self.centre;
        let half = offset.dot(ray.direction);
        let rest = half * half - offset.dot(offset) + self.radius * self.radius;
        let distance = -half - if rest > 0.0 { rest.sqrt() } else { return None };
        (distance > 1e-6).then_some(distance)
    }

    fn normal(&self, point: Vector) -> Vector {
        (point - self.centre) * (1.0 / self.radius)
    }

    fn colour(&self, _: Vector) -> Vector {
        self.colour
    }

    fn mirror(&self) -> f64 {
        0.4
    }
}

struct Floor {
    height: f64,
}

impl Shape for Floor {
    fn meet(&self, ray: &Ray) -> Option<f64> {
        let distance = (self.height - ray.origin.1) / ray.direction.1;
        (distance > 1e-6 && distance < 1e6).then_some(distance)
    }

    fn normal(&self, _: Vector) -> Vector {
        Vector(0.0, 1.0, 0.0)
    }

    fn colour(&self, point: Vector) -> Vector {
        let odd = (point.0.floor() as i64 + point.2.floor() as i64) & 1;
        if odd == 0 {
            Vector(0.9, 0.9, 0.9)
        } else {
            Vector(0.1, 0.1, 0.3)
        }
    }

    fn mirror(&self) -> f64 {
        0.1
    }
}

type Scene = Vec<Box<dyn Shape>>;

fn nearest<'a>(scene: &'a Scene, ray: &Ray) -> Option<(f64, &'a dyn Shape)> {
    let mut best: Option<(f64, &dyn Shape)> = None;
    for shape in scene {
        if let Some(distance) = shape.meet(ray)
            && best.is_none_or(|(nearest, _)| distance < nearest)
        {
            best = Some((distance, shape.as_ref()));
        }
    }
    best
}

fn trace(scene: &Scene, ray: &Ray, depth: u32) -> Vector {
    let Some((distance, shape)) = nearest(scene, ray) else {
        return Vector(0.3, 0.5, 0.9) * (0.5 + 0.5 * ray.direction.1);
    };
    let point = ray.origin + ray.direction * distance;
    let normal = shape.normal(point);
    let light = Vector(5.0, 8.0, -4.0) - point;
    let towards = Ray {
        origin: point,
        direction: light.unit(),
    };
    let lit = normal.dot(towards.direction).max(0.0);
    let shade = if lit > 0.0 && nearest(scene, &towards).is_none() {
        0.1 + 0.9 * lit
    } else {
        0.1
    };
    let colour = shape.colour(point) * shade;
    if depth == 0 {
        return colour;
    }
    let mirrored = Ray {
        origin: point,
        direction: ray.direction.reflect(normal),
    };
    colour * (1.0 - shape.mirror()) + trace(scene, &mirrored, depth - 1) * shape.mirror()
}

fn setup() -> Scene {
    let mut random = Random::new(30);
    let mut scene: Scene = vec![Box::new(Floor { height: -1.0 })];
    for _ in 0..12 {
        let mut part = |scale: f64, shift: f64| random.unit() * scale + shift;
        scene.push(Box::new(Sphere {
            centre: Vector(part(6.0, -3.0), part(2.0, -0.5), part(5.0, 1.0)),
            radius: part(0.5, 0.3),
            colour: Vector(part(1.0, 0.0), part(1.0, 0.0), part(1.0, 0.0)),
        }));
    }
    scene
}

#[inline(never)]
fn round(scene: &mut Scene, index: u32) -> u64 {
    let mut sum = Digest::new();
    let origin = Vector(f64::from(index) * 0.01, 0.5, -3.0);
    for y in 0..90 {
        for x in 0..120 {
            let direction =
                Vector(f64::from(x) / 60.0 - 1.0, 0.75 - f64::from(y) / 60.0, 1.5).unit();
            let colour = trace(scene, &Ray { origin, direction }, 3);
            sum.add(
                (colour.0 * 255.0) as u64
                    | ((colour.1 * 255.0) as u64) << 8
                    | ((colour.2 * 255.0) as u64) << 16,
            );
        }
    }
    sum.get()
}

fn main() {
    run("raytrace", 270, setup, round);
}
