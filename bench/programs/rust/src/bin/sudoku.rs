//! Backtracking: sudoku by candidate masks, always at the cell with the fewest candidates.

use programs::{Digest, Random, run};

#[derive(Clone)]
struct Board {
    cells: [u8; 81],
    rows: [u16; 9],
    columns: [u16; 9],
    boxes: [u16; 9],
}

const ALL: u16 = 0x1ff;

impl Board {
    fn empty() -> Self {
        Self {
            cells: [0; 81],
            rows: [ALL; 9],
            columns: [ALL; 9],
            boxes: [ALL; 9],
        }
    }

    fn candidates(&self, cell: usize) -> u16 {
        let (row, column) = (cell / 9, cell % 9);
        self.rows[row] & self.columns[column] & self.boxes[row / 3 * 3 + column / 3]
    }

    fn toggle(&mut self, cell: usize, bit: u16) {
        let (row, column) = (cell / 9, cell % 9);
        self.rows[row] ^= bit;
        self.columns[column] ^= bit;
        self.boxes[row / 3 * 3 + column / 3] ^= bit;
    }

    fn place(&mut self, cell: usize, bit: u16) {
        self.toggle(cell, bit);
        self.cells[cell] = bit.trailing_zeros() as u8 + 1;
    }

    fn clear(&mut self, cell: usize, bit: u16) {
        self.toggle(cell, bit);
        self.cells[cell] = 0;
    }

    fn tightest(&self) -> Option<(usize, u16)> {
        let mut best = None;
        let mut fewest = 10;
        for cell in 0..81 {
            if self.cells[cell] == 0 {
                let candidates = self.candidates(cell);
                if candidates.count_ones() < fewest {
                    fewest = candidates.count_ones();
                    best = Some((cell, candidates));
                }
            }
        }
        best
    }

    /// Counts solutions up to `limit`, leaves the first one in `solution`.
    fn solve(&mut self, limit: u32, solution: &mut Option<[u8; 81]>) -> u32 {
        let Some((cell, mut candidates)) = self.tightest() else {
            solution.get_or_insert(self.cells);
            return 1;
        };
        let mut found = 0;
        while candidates != 0 && found < limit {
            let bit = candidates & candidates.wrapping_neg();
            candidates ^= bit;
            self.place(cell, bit);
            found += self.solve(limit - found, solution);
            self.clear(cell, bit);
        }
        found
    }
}

fn fill(board: &mut Board, random: &mut Random) -> bool {
    let Some((cell, candidates)) = board.tightest() else {
        return true;
    };
    let start = random.below(9);
    for digit in 0..9 {
        let bit = 1 << ((start + digit) % 9);
        if candidates & bit != 0 {
            board.place(cell, bit);
            if fill(board, random) {
                return true;
            }
            board.clear(cell, bit);
        }
    }
    false
}

#[inline(never)]
fn round(_: &mut (), index: u32) -> u64 {
    let mut random = Random::new(u64::from(index));
    let mut board = Board::empty();
    fill(&mut board, &mut random);
    let mut sum = Digest::new();
    // Dig holes while the solution stays unique.
    for _ in 0..120 {
        let cell = random.below(81) as usize;
        if board.cells[cell] == 0 {
            continue;
        }
        let bit = 1 << (board.cells[cell] - 1);
        board.clear(cell, bit);
        let mut solution = None;
        if board.solve(2, &mut solution) != 1 {
            board.place(cell, bit);
        }
        sum.add_bytes(&solution.unwrap_or([0; 81]));
    }
    sum.add_bytes(&board.cells);
    sum.get()
}

fn main() {
    run("sudoku", 780, || (), round);
}
