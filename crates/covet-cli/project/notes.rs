//! Notes: `/notes`.

use covet::db::FromRow;
use covet::{Created, Db, Json, Path, Problem, Result, Routes, get, post, routes, sql};

/// The routes of notes.
pub fn routes() -> Routes {
    routes![list_notes, read_note, write_note].tag("notes")
}

/// A note.
#[covet::model(output)]
#[derive(FromRow)]
struct Note {
    id: i64,
    text: String,
}

/// A note that is to be written.
#[covet::model(deny_unknown)]
struct NewNote {
    #[check(length(min = 1, max = 1000))]
    text: String,
}

/// Why there is no note.
#[derive(Problem)]
enum NoteError {
    /// No note has this number.
    #[problem(status = 404)]
    NotFound { id: i64 },
    #[problem(transparent)]
    Db(covet::db::Error),
}

/// List the notes.
#[get("/notes")]
async fn list_notes(db: Db) -> Result<Json<Vec<Note>>> {
    Ok(Json(db.fetch_all(sql!("SELECT id, text FROM notes ORDER BY id LIMIT 100")).await?))
}

/// Read a note.
#[get("/notes/{id}")]
async fn read_note(id: Path<i64>, db: Db) -> Result<Json<Note>, NoteError> {
    let note = db.fetch_optional(sql!("SELECT id, text FROM notes WHERE id = {*id}")).await?;
    note.map(Json).ok_or(NoteError::NotFound { id: *id })
}

/// Write a note.
#[post("/notes")]
async fn write_note(new: Json<NewNote>, db: Db) -> Result<Created<Note>> {
    let note: Note = db.fetch_one(sql!("INSERT INTO notes (text) VALUES ({new.text}) RETURNING id, text")).await?;
    Ok(Created::at(format!("/notes/{}", note.id), note))
}
