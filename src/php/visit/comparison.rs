//! `Telemed\Comparison`.

use std::cell::RefCell;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;

use super::moment::Moment;
use super::rows;
use super::rows::Row;
use super::rows::Rows;
use crate::php::array;
use crate::php::convert::SEALED;
use crate::php::meeting::Meeting;
use crate::visit::comparison;
use crate::visit::comparison::Finding;
use crate::visit::comparison::Listed;
use crate::visit::intended::Intended;
use crate::visit::intended::Look;
use crate::visit::maker::Maker;
use crate::zoom::reconciler::Found;

/// One host's meetings at Zoom held against what the visits want.
#[php_class]
#[php(name = "Telemed\\Comparison")]
#[php(flags = SEALED)]
pub struct Comparison {
    comparison: RefCell<comparison::Comparison>,
}

#[php_impl]
impl Comparison {
    pub fn __construct(maker: Row, at: &Moment) -> PhpResult<Self> {
        let maker = maker.read(Maker::from_columns)?;
        let comparison = comparison::Comparison::new(&at.naming().site, maker, at.at().now);
        Ok(Self {
            comparison: RefCell::new(comparison),
        })
    }

    pub fn most_unreached() -> u32 {
        comparison::MOST_UNREACHED
    }

    pub fn begins_again(&self, problem: &str) -> bool {
        self.comparison.borrow_mut().begins_again(problem)
    }

    pub fn page(&self, intended: Rows, listed: ListedArgument) -> PhpResult<()> {
        let known = intended.read(Intended::from_columns)?;
        self.comparison.borrow_mut().page(&known, &listed.0);
        Ok(())
    }

    pub fn has_strays(&self) -> bool {
        self.comparison.borrow().has_strays()
    }

    pub fn bereft(&self, intended: Rows) -> PhpResult<()> {
        let portion = intended.read(Intended::from_columns)?;
        self.comparison.borrow_mut().bereft(&portion);
        Ok(())
    }

    pub fn without_number(&self, intended: Rows) -> PhpResult<()> {
        let rows = intended.read(Intended::from_columns)?;
        self.comparison.borrow_mut().without_number(&rows);
        Ok(())
    }

    pub fn rest(&self, intended: Rows, byNight: bool) -> PhpResult<Vec<i64>> {
        let portion = intended.read(Intended::from_columns)?;
        let look = if byNight { Look::ByNight } else { Look::AtAll };
        let places = self.comparison.borrow_mut().rest(&portion, look);
        Ok(places
            .into_iter()
            .filter_map(|place| i64::try_from(place).ok())
            .collect())
    }

    pub fn settings(&self, of: Row, found: &Meeting) -> PhpResult<()> {
        let of = of.read(Intended::from_columns)?;
        let found = Found::from(found.core());
        self.comparison.borrow_mut().settings(&of, &found);
        Ok(())
    }

    pub fn is_busy(&self, of: Row) -> PhpResult<bool> {
        let of = of.read(Intended::from_columns)?;
        Ok(self.comparison.borrow().is_busy(&of))
    }

    pub fn findings(&self) -> PhpResult<Vec<ZBox<ZendHashTable>>> {
        let comparison = self.comparison.borrow();
        comparison.findings().iter().map(as_array).collect()
    }

    pub fn looks_up(finding: Row, of: Row) -> PhpResult<Vec<i64>> {
        let finding = finding.read(Finding::from_columns)?;
        let of = of.read(Intended::from_columns)?;
        Ok(comparison::Comparison::looks_up(&finding, &of))
    }

    pub fn is_orphan(&self, intended: Rows, found: &Meeting, at: &Moment) -> PhpResult<bool> {
        let rows = intended.read(Intended::from_columns)?;
        let found = Found::from(found.core());
        let comparison = self.comparison.borrow();
        Ok(comparison.is_orphan(&rows, &found, at.at().now))
    }
}

impl Comparison {
    /// The core's comparison.
    pub fn core(&self) -> &RefCell<comparison::Comparison> {
        &self.comparison
    }
}

/// The argument `listed`: a list of meetings.
pub struct ListedArgument(Vec<Listed>);

impl FromZval<'_> for ListedArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::values(zval.array()?)
            .map(|item| <&Meeting>::from_zval(item).map(|meeting| Listed::from(meeting.core())))
            .collect::<Option<_>>()
            .map(Self)
    }
}

fn as_array(finding: &Finding) -> PhpResult<ZBox<ZendHashTable>> {
    let mut array = rows::array(&finding.columns())?;
    array.insert("settings", finding.settings.clone())?;
    Ok(array)
}
