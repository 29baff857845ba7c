//! Rows: arrays of texts by column.

use std::collections::BTreeMap;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::exception::PhpResult;
use ext_php_rs::flags::DataType;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;

use crate::php::array;
use crate::visit::SourceMail;
use crate::visit::columns::BadColumn;
use crate::visit::columns::Columns;
use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::Result;

/// The column of what stands that holds a list: the e-mails of the appointment system.
const MAILS: &str = "mails";

/// An argument that is a row.
pub struct Row(Zval);

impl FromZval<'_> for Row {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        zval.is_array().then(|| Self(zval.shallow_clone()))
    }
}

impl Row {
    /// What the row says.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn read<T>(&self, read: fn(&Columns) -> std::result::Result<T, BadColumn>) -> Result<T> {
        self::read(&self.0, read)
    }

    /// Its columns.
    ///
    /// # Errors
    /// When it is no array of texts by column.
    pub fn columns(&self) -> Result<Columns> {
        columns(&self.0)
    }

    /// The e-mails of the appointment system.
    ///
    /// # Errors
    /// As [`Row::read`].
    pub fn mails(&self) -> Result<Vec<SourceMail>> {
        match field(&self.0, MAILS) {
            None => Ok(Vec::new()),
            Some(mails) => list(mails, SourceMail::from_columns),
        }
    }

    /// What is there of its texts.
    ///
    /// # Errors
    /// When it is no array of texts by name.
    pub fn texts(&self) -> Result<BTreeMap<String, String>> {
        let columns = columns(&self.0)?;
        Ok(columns
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?)))
            .collect())
    }
}

/// An argument that is a list of rows.
pub struct Rows(Zval);

impl FromZval<'_> for Rows {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        zval.is_array().then(|| Self(zval.shallow_clone()))
    }
}

impl Rows {
    /// What the rows say.
    ///
    /// # Errors
    /// As [`Row::read`].
    pub fn read<T>(
        &self,
        read: fn(&Columns) -> std::result::Result<T, BadColumn>,
    ) -> Result<Vec<T>> {
        list(&self.0, read)
    }

    /// The columns of each.
    ///
    /// # Errors
    /// As [`Row::columns`].
    pub fn columns(&self) -> Result<Vec<Columns>> {
        let rows = self.0.array().map(array::values);
        rows.into_iter().flatten().map(columns).collect()
    }
}

/// What a list of rows says.
///
/// # Errors
/// As [`Row::read`].
pub fn list<T>(
    zval: &Zval,
    read: fn(&Columns) -> std::result::Result<T, BadColumn>,
) -> Result<Vec<T>> {
    let rows = zval
        .array()
        .ok_or_else(|| bad("a list of rows is no array"))?;
    array::values(rows)
        .map(|row| self::read(row, read))
        .collect()
}

/// What a row says.
///
/// # Errors
/// As [`Row::read`].
pub fn read<T>(row: &Zval, read: fn(&Columns) -> std::result::Result<T, BadColumn>) -> Result<T> {
    read(&columns(row)?).map_err(|error| bad(&error.to_string()))
}

/// A field that is there and not null.
pub fn field<'a>(row: &'a Zval, name: &str) -> Option<&'a Zval> {
    row.array()?
        .get(name)
        .map(Zval::dereference)
        .filter(|zval| !zval.is_null())
}

/// The columns of a row. Values that are arrays are left out: whoever knows of them reads them by name.
///
/// # Errors
/// When it is no array of texts, numbers, booleans and nulls by column.
pub fn columns(row: &Zval) -> Result<Columns> {
    let row = row.array().ok_or_else(|| bad("a row is no array"))?;
    let mut columns = Columns::new();
    for (key, value) in array::entries(row) {
        let key = key
            .string()
            .filter(|_| !key.is_long())
            .ok_or_else(|| bad("the name of a column is no text"))?;
        let value = value.dereference();
        let text = match value.get_type() {
            DataType::Array => continue,
            DataType::Null => None,
            DataType::True => Some("1".to_owned()),
            DataType::False => Some("0".to_owned()),
            DataType::Long => value.long().map(|number| number.to_string()),
            DataType::String => Some(
                value
                    .string()
                    .ok_or_else(|| bad(&format!("the column {key} is not UTF-8")))?,
            ),
            _ => return Err(bad(&format!("the column {key} holds what no row holds"))),
        };
        columns.insert(key, text);
    }
    Ok(columns)
}

/// A row as an array.
///
/// # Errors
/// When PHP cannot make it.
pub fn array(columns: &Columns) -> PhpResult<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    for (name, text) in columns {
        array.insert(name.as_str(), text.as_deref())?;
    }
    Ok(array)
}

/// A number that is not negative.
///
/// # Errors
/// When it is.
pub fn id<T: TryFrom<i64>>(name: &str, number: i64) -> Result<T> {
    T::try_from(number).map_err(|_| bad(&format!("{name} is no number that it can be")))
}

/// The error for what has not the right form.
pub fn bad(why: &str) -> Error {
    Error::new(
        ErrorId::VisitInvalid,
        format!("a visit, or what is said of it, does not have the right form: {why}"),
        "Give rows as the database has them, with all columns.",
    )
}
