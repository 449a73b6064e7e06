//! One worker thread and the jobs that wait for it; the interface never waits for a thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use faultscope_door::Watch as _;

use super::{JobId, Message, Progress, Voice};

/// Jobs inside the channel; the rest waits on the interface's side, where it can still be cancelled or replaced.
const DEPTH: usize = 1;

struct Task<J> {
    id: JobId,
    progress: Progress,
    job: J,
}

/// A named thread with a bounded channel.
pub(super) struct Lane<J> {
    sender: SyncSender<Task<J>>,
    waiting: VecDeque<Task<J>>,
    running: Option<Progress>,
    /// Jobs that were replaced before they began.
    replaced: Vec<JobId>,
    voice: Voice,
}

impl<J: Send + 'static> Lane<J> {
    /// Starts the thread.
    pub(super) fn start(name: &str, voice: Voice, mut work: impl FnMut(J, &Progress, &Voice) + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel::<Task<J>>(DEPTH);
        let speaker = voice.clone();
        let body = move || {
            for task in receiver {
                if !task.progress.cancelled() {
                    // A defect in one job must not take the thread, and with it all later jobs, away.
                    let _ = catch_unwind(AssertUnwindSafe(|| work(task.job, &task.progress, &speaker)));
                }
                speaker.say(Message::Over(task.id));
            }
        };
        // Without the thread the channel closes, and `pump` ends every job at once instead of hanging.
        let _ = std::thread::Builder::new().name(format!("faultscope-{name}")).spawn(body);
        Self { sender, waiting: VecDeque::new(), running: None, replaced: Vec::new(), voice }
    }

    /// Puts a job at the end of the queue.
    pub(super) fn push(&mut self, id: JobId, progress: Progress, job: J) {
        self.waiting.push_back(Task { id, progress, job });
        self.pump();
    }

    /// Drops what waits, asks what runs to stop, and puts the job in.
    pub(super) fn replace(&mut self, id: JobId, progress: Progress, job: J) {
        self.replaced.extend(self.waiting.drain(..).map(|task| task.id));
        if let Some(running) = self.running.replace(progress.clone()) {
            running.cancel();
        }
        self.push(id, progress, job);
    }

    /// A job that was replaced before it began, if there is one not told of yet.
    pub(super) fn replaced(&mut self) -> Option<JobId> {
        self.replaced.pop()
    }

    /// Hands on as many waiting jobs as the channel takes.
    pub(super) fn pump(&mut self) {
        while let Some(task) = self.waiting.pop_front() {
            match self.sender.try_send(task) {
                Ok(()) => {}
                Err(TrySendError::Full(task)) => {
                    self.waiting.push_front(task);
                    return;
                }
                Err(TrySendError::Disconnected(task)) => self.voice.say(Message::Over(task.id)),
            }
        }
    }
}
