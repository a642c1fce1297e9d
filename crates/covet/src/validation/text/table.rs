//! Rows of a table: texts in columns, which the schema knows by their names.

use std::borrow::Cow;

use super::plant::{self, Slot};
use super::value_of;
use crate::validation::code::Code;
use crate::validation::fault::Fault;
use crate::validation::faults::Faults;
use crate::validation::model::Input;
use crate::validation::schema::{Additional, Kinds, ObjectShape, Property, Shapes};
use crate::validation::tree::{DUPLICATE, MISSING, Node, unknown_message};

/// The columns of a table whose rows are a type's values.
#[derive(Debug)]
pub(crate) struct Columns {
    shapes: Option<&'static Shapes>,
    list: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// What the type says of it; a column that it does not know is passed over.
    slot: Option<Slot>,
}

/// The text of a cell.
#[derive(Debug)]
pub(crate) struct CsvCell<'r> {
    pub(crate) text: Cow<'r, str>,
    /// An empty text in quotes is a text; without quotes there is none.
    pub(crate) is_quoted: bool,
}

/// Whether a type's values fit into rows: an object, every member of which is one text.
pub(crate) fn is_flat<T: Input>() -> bool {
    let shapes = Shapes::of::<T>();
    object(shapes).is_some_and(|object| {
        let kinds = |property: &Property| shapes.get(property.shape).all_kinds;
        !object.properties.is_empty()
            && !object.properties.iter().any(|property| kinds(property).meets(Kinds::ARRAY | Kinds::OBJECT))
    })
}

/// The root, where it is an object without alternatives.
fn object(shapes: &Shapes) -> Option<&ObjectShape> {
    let mut shape = shapes.get(shapes.root());
    for _ in 0..8 {
        match shape.reference {
            Some(target) => shape = shapes.get(target),
            None => break,
        }
    }
    (shape.kinds == Kinds::OBJECT && shape.unions.is_empty() && shape.all_of.is_empty()).then_some(&shape.object)
}

impl Columns {
    /// No columns, for a table that ended before it named any.
    pub(crate) fn none() -> Self {
        Columns { shapes: None, list: Vec::new() }
    }

    /// The columns of these names, in the order of the table.
    ///
    /// # Errors
    /// That one stands twice, that one is missing which every row must have, or that the type denies one.
    pub(crate) fn of<T: Input>(names: Vec<String>) -> Result<Self, Faults> {
        let shapes = Shapes::of::<T>();
        let mut faults = Faults::new();
        let list: Vec<Column> = names
            .into_iter()
            .map(|name| {
                let slot = plant::slot(&name, shapes);
                Column { name, slot }
            })
            .collect();
        for (index, column) in list.iter().enumerate() {
            if list[..index].iter().any(|other| other.name == column.name) {
                faults.push(Fault::new(Code::Duplicate, DUPLICATE).in_member(&column.name));
            }
        }
        if let Some(object) = object(shapes) {
            check(object, &list, &mut faults);
        }
        faults.into_result().map(|()| Columns { shapes: Some(shapes), list })
    }

    /// The value of a row.
    pub(crate) fn read<T: Input>(&self, cells: Vec<CsvCell<'_>>) -> Result<T, Faults> {
        let shapes = self.shapes.unwrap_or_else(Shapes::of::<T>);
        if cells.len() != self.list.len() {
            let (expected, found) = (self.list.len(), cells.len());
            let message = format!("must have {expected} cells, as the first line has, and not {found}");
            return Err(Fault::new(Code::Syntax, message).into());
        }
        let mut members = Vec::with_capacity(cells.len());
        for (column, cell) in self.list.iter().zip(cells) {
            if let Some(value) = column.value(cell, shapes) {
                members.push((Cow::Borrowed(column.name.as_str()), value));
            }
        }
        value_of(&Node::Object(members), shapes)
    }
}

impl Column {
    /// `None` where the cell is empty and the type knows neither null nor a text there: then the member is left out.
    fn value<'r>(&self, cell: CsvCell<'r>, shapes: &'static Shapes) -> Option<Node<'r>> {
        let Some(slot) = &self.slot else { return Some(Node::String(cell.text)) };
        if cell.text.is_empty() && !cell.is_quoted {
            return match () {
                () if slot.means(Kinds::NULL) => Some(Node::Null),
                () if slot.means(Kinds::STRING) => Some(Node::String(cell.text)),
                () => None,
            };
        }
        Some(plant::cell(cell.text, slot, shapes))
    }
}

fn check(object: &ObjectShape, list: &[Column], faults: &mut Faults) {
    for required in &object.required {
        let is_called = |column: &Column| match object.property(required) {
            Some(property) => property.is_called(&column.name),
            None => column.name == *required,
        };
        if !list.iter().any(is_called) {
            faults.push(Fault::new(Code::Missing, MISSING).in_member(required));
        }
    }
    if matches!(object.additional, Additional::Nothing) {
        for column in list.iter().filter(|column| object.property(&column.name).is_none()) {
            let known = object.properties.iter().map(|property| property.name.as_str());
            faults.push(Fault::new(Code::Unknown, unknown_message(known)).in_member(&column.name));
        }
    }
}
