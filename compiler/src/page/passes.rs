//! What each pass did.

use crate::middle::passes::PassChange;
use maud::{Markup, html};

/// A row for each pass that changed the number of some operator's nodes.
pub(super) fn section(changes: &[PassChange]) -> Markup {
    let changing: Vec<_> = changes.iter().filter(|change| !change.changed.is_empty()).collect();
    html! {
        @if let Some(first) = changes.first() {
            p {
                "The graph is read with " (first.nodes) " operators, as edgec has them, and "
                (changes.last().map_or(0, |last| last.nodes)) " are left. "
                (changing.len()) " of " (changes.len() - 1) " passes change their number."
            }
        }
        table {
            thead { tr { th { "pass" } th { "operators after it" } th { "fewer" } th { "more" } } }
            tbody {
                @for change in changing {
                    tr {
                        td { code { (change.pass) } }
                        td.right { (change.nodes) }
                        td { (counts(change, |count| count < 0)) }
                        td { (counts(change, |count| count > 0)) }
                    }
                }
            }
        }
    }
}

/// `2 Transpose, 1 Map`, of the operators whose change is chosen.
fn counts(change: &PassChange, chosen: fn(isize) -> bool) -> String {
    let counts = change.changed.iter().filter(|(_, count)| chosen(**count));
    let counts = counts.map(|(operator, count)| format!("{} {operator}", count.unsigned_abs()));
    counts.collect::<Vec<_>>().join(", ")
}
