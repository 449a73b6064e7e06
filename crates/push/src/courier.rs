//! The courier: one entry of the queue sent, tried again while that may help, and taken out once it is done.

use std::time::Duration;

use crate::deliver::{Delivered, Delivery, Ledger, Subject};
use crate::error::PushError;
use crate::profile::Profile;
use crate::queue::{Entry, Progress, Queue, TicketRef};
use crate::secret::Secrets;

/// How often it is tried before it is left to the queue, and how long is waited in between, s.
const PAUSES: [u64; 2] = [1, 3];
/// What is waited for longer is left to the queue, s.
const LONGEST_PAUSE: u64 = 10;
/// How long another program is waited for that sends.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the courier needs of whoever sends him.
pub trait Sender {
    /// Seconds since 1970.
    fn now_s(&self) -> i64;
    /// Lets time go by; `false` where nobody wants to wait.
    fn wait(&mut self, time: Duration) -> bool;
    /// The ticket is known, made by this push or found: it is kept with the case, once however often it is told.
    ///
    /// # Errors
    /// When that cannot be done; then nothing more is sent.
    fn linked(&mut self, ticket: &TicketRef, made: bool) -> Result<(), PushError>;
}

/// Sends an entry that is in the queue. `entry` is as it was before `subject` was put together: what is asked for later is sent later.
///
/// # Errors
/// What went wrong last; the entry then says so, and stays.
pub fn send(
    queue: &Queue,
    entry: &Entry,
    profile: &Profile,
    subject: &Subject,
    secrets: &dyn Fn() -> Result<Secrets, PushError>,
    sender: &mut dyn Sender,
) -> Result<Delivered, PushError> {
    let _sending = queue.sending(PATIENCE)?;
    let mut pauses = PAUSES.into_iter();
    loop {
        let progress = match queue.get(&entry.id)? {
            Some(known) => known.progress,
            // Another program has just sent what was asked for before.
            None => queue.ask(entry.clone())?.progress,
        };
        let mut desk = Desk { queue, entry, sender };
        let tried = secrets().and_then(|s| Delivery::new(profile, subject, s, progress)).and_then(|d| d.run(&mut desk));
        let error = match tried {
            Ok(delivered) => {
                queue.finish(entry)?;
                return Ok(delivered);
            }
            Err(error) => error,
        };
        let now_s = sender.now_s();
        queue.change(&entry.id, |e| e.failed(&error, now_s))?;
        let pause = pauses.next().map(|own| error.wait_s.unwrap_or(own)).filter(|pause| *pause <= LONGEST_PAUSE);
        match pause.filter(|_| error.kind.passes()) {
            Some(pause) if sender.wait(Duration::from_secs(pause)) => {}
            _ => return Err(error),
        }
    }
}

struct Desk<'a> {
    queue: &'a Queue,
    entry: &'a Entry,
    sender: &'a mut dyn Sender,
}

impl Ledger for Desk<'_> {
    fn now_s(&self) -> i64 {
        self.sender.now_s()
    }

    fn save(&mut self, progress: &Progress) -> Result<(), PushError> {
        match self.queue.change(&self.entry.id, |e| e.progress = progress.clone())? {
            Some(_) => Ok(()),
            None => Err(PushError::new(
                crate::Kind::Storage,
                format!("{} was taken out while it was sent", self.entry.id),
                "",
            )),
        }
    }

    fn linked(&mut self, ticket: &TicketRef, made: bool) -> Result<(), PushError> {
        self.sender.linked(ticket, made)
    }
}
