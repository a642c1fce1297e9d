//! An argument that cannot be made from a request.

struct Clock;

/// The time.
#[covet::get("/time")]
async fn time(clock: Clock) -> String {
    let _ = clock;
    String::new()
}

fn main() {
    let _ = covet::routes![time];
}
