covet_auth::permissions! {
    First = "books write" => "Add books",
    Second = "" => "Nothing",
    Third = "orders:read" => " ",
    Fourth = "orders:read" => "Read orders",
    #[inline]
    Fifth = "users:admin" => "Manage users",
}

fn main() {}
