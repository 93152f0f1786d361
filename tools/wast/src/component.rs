//! Values of components: arguments, expected results, and which messages their traps answer to.

use silica::Error;
use silica::component::describe::{ComponentLimits, validate};
use silica::component::{CanonicalTrap, Func, Val};
use silica_module::{DecodeError, Features};
use wast::component::WastVal;
use wast::{WastArg, WastRet};

use crate::report::Failed;

/// The arguments of an invocation, by the types of the function's parameters.
pub(crate) fn arguments(func: &Func, args: &[WastArg<'_>]) -> Result<Vec<Val>, Failed> {
    let params = &func.ty().params;
    if params.len() != args.len() {
        return Err(Failed::new(format!(
            "{} arguments for a function of {}",
            args.len(),
            params.len()
        )));
    }
    args.iter()
        .map(|arg| match arg {
            WastArg::Component(value) => value_of(value),
            _ => Err(Failed::new("a core argument for a component's function")),
        })
        .collect()
}

fn value_of(value: &WastVal<'_>) -> Result<Val, Failed> {
    let all = |values: &[WastVal<'_>]| values.iter().map(value_of).collect::<Result<Vec<_>, _>>();
    let boxed = |value: &Option<Box<WastVal<'_>>>| match value {
        Some(value) => value_of(value).map(|value| Some(Box::new(value))),
        None => Ok(None),
    };
    Ok(match value {
        WastVal::Bool(v) => Val::Bool(*v),
        WastVal::U8(v) => Val::U8(*v),
        WastVal::S8(v) => Val::S8(*v),
        WastVal::U16(v) => Val::U16(*v),
        WastVal::S16(v) => Val::S16(*v),
        WastVal::U32(v) => Val::U32(*v),
        WastVal::S32(v) => Val::S32(*v),
        WastVal::U64(v) => Val::U64(*v),
        WastVal::S64(v) => Val::S64(*v),
        WastVal::F32(v) => Val::Float32(f32::from_bits(v.bits)),
        WastVal::F64(v) => Val::Float64(f64::from_bits(v.bits)),
        WastVal::Char(v) => Val::Char(*v),
        WastVal::String(v) => Val::String((*v).to_owned()),
        WastVal::List(values) => Val::List(all(values)?),
        WastVal::Map(entries) => {
            let mut list = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                list.push((value_of(key)?, value_of(value)?));
            }
            Val::Map(list)
        }
        WastVal::Record(fields) => {
            let mut list = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                list.push(((*name).to_owned(), value_of(value)?));
            }
            Val::Record(list)
        }
        WastVal::Tuple(values) => Val::Tuple(all(values)?),
        WastVal::Variant(name, payload) => Val::Variant((*name).to_owned(), boxed(payload)?),
        WastVal::Enum(name) => Val::Enum((*name).to_owned()),
        WastVal::Option(payload) => Val::Option(boxed(payload)?),
        WastVal::Result(Ok(payload)) => Val::Result(Ok(boxed(payload)?)),
        WastVal::Result(Err(payload)) => Val::Result(Err(boxed(payload)?)),
        WastVal::Flags(names) => Val::Flags(names.iter().map(|name| (*name).to_owned()).collect()),
    })
}

/// A component that must be malformed or invalid, also with all proposals on.
pub(crate) fn assert_refused(bytes: &[u8], features: Features) -> Result<(), Failed> {
    let limits = ComponentLimits::default();
    match validate(bytes, features, &limits) {
        Ok(()) => Err(Failed::new("the component was accepted, but is not valid")),
        Err(DecodeError::FeatureOff { feature, .. })
            if validate(bytes, Features::all(), &limits).is_ok() =>
        {
            Err(Failed::missing(feature))
        }
        Err(_) => Ok(()),
    }
}

/// Holds results against what is expected.
pub(crate) fn check_all(found: &[Val], expected: &[WastRet<'_>]) -> Result<(), Failed> {
    if found.len() != expected.len() {
        return Err(Failed::new(format!(
            "{} results, expected {}",
            found.len(),
            expected.len()
        )));
    }
    for (found, expected) in found.iter().zip(expected) {
        let WastRet::Component(expected) = expected else {
            return Err(Failed::new("a core result of a component's function"));
        };
        let expected = value_of(expected)?;
        if *found != expected {
            return Err(Failed::new(format!(
                "result is {found:?}, expected {expected:?}"
            )));
        }
    }
    Ok(())
}

/// Whether an error is a trap that the script's `expected` message speaks of. Nothing if it is no trap of a component's.
pub(crate) fn trap_matches(error: &Error, expected: &str) -> Option<bool> {
    let trap = error.downcast_ref::<CanonicalTrap>()?;
    let own = trap.to_string();
    let matches = |message: &&str| expected.contains(message);
    Some(expected.contains(&own) || messages(*trap).iter().any(matches))
}

/// The reference interpreter's words, where they are not ours: it tells apart who has found what.
fn messages(trap: CanonicalTrap) -> &'static [&'static str] {
    match trap {
        CanonicalTrap::StringOutOfBounds => &["string pointer/length out of bounds of memory"],
        CanonicalTrap::ListOutOfBounds => &["list pointer/length out of bounds of memory"],
        CanonicalTrap::InvalidUtf8 => &["incomplete utf-8 byte sequence"],
        CanonicalTrap::ReallocOutOfBounds => &["string content out-of-bounds"],
        _ => &[],
    }
}

/// Room for a function's results.
pub(crate) fn room(func: &Func) -> Vec<Val> {
    vec![Val::Bool(false); usize::from(func.ty().result.is_some())]
}
