use covet_auth::rbac::{Permission, Requirement};

covet_auth::permissions! {
    BooksWrite = "books:write" => "Add books",
}

struct NotOne;

fn asks<R: Requirement>() {}
fn is<P: Permission>() {}

fn main() {
    asks::<(BooksWrite, String)>();
    is::<NotOne>();
}
