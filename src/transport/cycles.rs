//! Detection of lists that do not end, in constant memory.

use std::hash::{DefaultHasher, Hash, Hasher};

/// More empty pages than this in a row mean a list without end.
const MOST_EMPTY: u32 = 100;

/// Detects cursors or pages that repeat, and runs of empty pages.
#[derive(Debug, Default)]
pub(super) struct CycleDetector {
    cursors: Brent,
    pages: Brent,
    /// Hash and total of the last page that had items.
    last: Option<(u64, Option<u64>)>,
    /// Empty pages in a row.
    empty: u32,
}

/// What identifies a page.
pub(super) struct PageMark<'a> {
    pub(super) items: usize,
    /// Of the items' keys.
    pub(super) hash: u64,
    pub(super) total: Option<u64>,
    /// Of the page after it.
    pub(super) cursor: Option<&'a str>,
}

impl CycleDetector {
    /// Records a page.
    ///
    /// # Errors
    /// What is wrong, if the list does not advance.
    pub(super) fn check(&mut self, page: &PageMark<'_>) -> Result<(), &'static str> {
        if page.items == 0 {
            self.empty += 1;
            if self.empty > MOST_EMPTY {
                return Err("the list does not advance: too many empty pages in a row");
            }
        } else {
            self.empty = 0;
            let last = self.last.replace((page.hash, page.total));
            // If as many rows are added as a page has, the previous page moves to this position.
            let moved = last.and_then(|(_, total)| page.total?.checked_sub(total?));
            let moved = moved.is_some_and(|new| new >= page.items as u64);
            let again =
                last.is_some_and(|(last, _)| last == page.hash) || self.pages.repeats(page.hash);
            if again && !moved {
                return Err("the list does not advance: a page was repeated, or its rows moved");
            }
        }
        let Some(cursor) = page.cursor else { return Ok(()) };
        let mut hasher = DefaultHasher::new();
        cursor.hash(&mut hasher);
        if self.cursors.repeats(hasher.finish()) {
            return Err("pagination cycle: a cursor was repeated");
        }
        Ok(())
    }
}

/// Brent's algorithm: a cyclic sequence is detected after at most three times the length of its
/// beginning and its cycle, whatever these are.
#[derive(Debug, Default)]
struct Brent {
    anchor: Option<u64>,
    steps: u64,
    limit: u64,
}

impl Brent {
    /// Whether this next element is the anchor again.
    fn repeats(&mut self, mark: u64) -> bool {
        if self.anchor == Some(mark) {
            return true;
        }
        if self.steps == self.limit {
            self.anchor = Some(mark);
            self.limit = (self.limit * 2).max(1);
            self.steps = 0;
        }
        self.steps += 1;
        false
    }
}
