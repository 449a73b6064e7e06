//! The dialects of oscilloscope CSV, chosen by content: each plug looks for its own signature in the header.

mod acquisition;
mod generic;
mod hantek;
mod keysight;
mod rigol;
mod siglent;
mod spectrum;
mod tektronix;

use super::layout::{Classified, Refusal};
use super::sheet::Sheet;

/// A dialect: a layout when the sheet carries its signature, nothing when it does not.
type Dialect = fn(&Sheet) -> Option<Classified>;

/// Every dialect with a signature, most specific first; what none of them knows is generic.
const ALL: &[Dialect] = &[
    super::own::classify,
    spectrum::classify,
    tektronix::side_by_side,
    rigol::sequence,
    rigol::increment,
    rigol::ultrascope,
    siglent::classify,
    tektronix::series,
    keysight::classify,
    acquisition::waveforms,
    hantek::classify,
    acquisition::lecroy,
    acquisition::gw_instek,
    acquisition::picoscope,
    rigol::seconds,
];

/// Classifies the head of a file.
pub(super) fn classify(sheet: &Sheet) -> Classified {
    if let Some(answer) = ALL.iter().find_map(|dialect| dialect(sheet)) {
        return answer;
    }
    if sheet.first_data.is_none() {
        return Err(Refusal::NoNumbers);
    }
    generic::classify(sheet)
}
