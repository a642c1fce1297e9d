async fn run(db: &covet_db::Db, text: String) {
    let _ = db.execute(text).await;
}

fn main() {}
