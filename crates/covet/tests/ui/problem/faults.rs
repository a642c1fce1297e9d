//! Problems that cannot be.

use covet::Problem;

#[derive(Problem)]
enum Several {
    #[problem(status = 200)]
    Success,
    WithoutStatus,
    #[problem(status = 404)]
    Reserved { detail: String },
    #[problem(status = 500)]
    Two(std::fmt::Error, std::fmt::Error),
    #[problem(transparent)]
    TransparentUnit,
}

#[derive(Problem)]
enum Setting {
    #[problem(colour = 1)]
    One,
}

#[derive(Problem)]
enum Bare {
    #[problem(404)]
    One,
}

fn main() {}
