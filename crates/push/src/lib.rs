//! Tickets on their way: profiles of other systems as data, the requests they make, the client that sends them, and the queue on disk.
//!
//! This room knows no case: what is to be told comes in as JSON, beside files; what comes out is the ticket's number. It reads no clock
//! and no environment; both are handed to it. Secrets are held in memory only, and masked in every text that leaves this room.

mod answer;
mod courier;
mod deliver;
mod error;
mod http;
mod profile;
mod queue;
mod request;
mod secret;
mod template;

pub use courier::{Sender, send};
pub use deliver::{Delivered, Subject, SubjectFile, plan};
pub use error::{Kind, PushError};
pub use profile::{Confidence, Profile, Settings, Step, StepName, Wanted};
pub use queue::{Entry, EntryState, Progress, Queue, TicketRef};
pub use request::Planned;
pub use secret::Secrets;
