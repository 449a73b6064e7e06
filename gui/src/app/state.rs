//! The state of the app: what the panels draw.

use std::sync::Arc;

use faultscope_door::check::{CheckDocument, Plan};
use faultscope_door::diagnose::LimitSet;
use faultscope_door::limits::TypedLimit;
use faultscope_door::paper::Lang;
use faultscope_door::session::Session;
use faultscope_door::signal::{Kind, Unit};
use faultscope_door::trend::Trend;
use faultscope_door::{CaptureResult, Error, limits};

use super::capture::{Baseline, Capture, CaptureId};
use super::devices::Devices;
use super::dossier::Desk;
use super::live::Live;
use super::rounds::Rounds;
use crate::words::Word;
use crate::worker::{JobId, Progress};
use crate::{Look, Start};

/// What fills the middle of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Screen {
    /// The present capture.
    #[default]
    Capture,
    /// The live source.
    Live,
    /// The procedure.
    Guide,
    /// The open case.
    Case,
    /// Inspection rounds.
    Rounds,
    /// What can be connected to.
    Devices,
}

/// The pictures that share the place on the left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Picture {
    /// Levels over frequency.
    #[default]
    Spectrum,
    /// Levels over frequency and time.
    Waterfall,
    /// What the ripple of a supply is made of.
    Ripple,
    /// What a modulated carrier does: constellation, vector error, amplitude and frequency.
    Modulation,
    /// The capture over what it is held against, and the difference.
    Comparison,
    /// A reading over the open captures.
    Trend,
}

/// A check plan that is gone through step by step.
#[derive(Debug, Clone)]
pub(crate) struct Guide {
    /// The plan.
    pub(crate) plan: Arc<Plan>,
    /// Which captures were given which role, in the order in which they were.
    pub(crate) given: Vec<(String, CaptureId)>,
    /// What the check of them said; nothing while it is computed.
    pub(crate) document: Option<Arc<CheckDocument>>,
    /// Why it could not be made.
    pub(crate) error: Option<Error>,
    /// Counts the checks: an answer to an earlier one is not wanted.
    pub(crate) round: u64,
}

/// Which results a trend was made of: capture, and where its result lies.
pub(crate) type TrendOf = Vec<(CaptureId, usize)>;

/// The tables of a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Limits, answered.
    #[default]
    Findings,
    /// Everything measured.
    Readings,
    /// Spectral lines.
    Lines,
    /// Quality gates in words.
    Quality,
    /// What differs from the baseline.
    Differences,
    /// Closed cases that it resembles.
    Similar,
}

/// Work under way.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Its number.
    pub(crate) id: JobId,
    /// What is done.
    pub(crate) what: Word,
    /// To what.
    pub(crate) name: String,
    /// To which capture.
    pub(crate) capture: Option<CaptureId>,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// A message to the user.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Notice {
    /// Something went well.
    Said(String),
    /// Something did not: what, and what to do.
    Failed(Error),
    /// Something is missing.
    Missing(Word),
}

/// A limit that is being typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// The reading.
    pub(crate) reading: String,
    /// Its unit.
    pub(crate) unit: Unit,
    /// The lower and the upper bound as typed.
    pub(crate) bounds: [String; 2],
}

/// A pack that can be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Pack {
    /// What it is loaded by.
    pub(crate) key: String,
    /// Its content.
    pub(crate) set: LimitSet,
}

/// Everything the panels draw.
#[derive(Debug)]
pub(crate) struct State {
    /// Language.
    pub(crate) lang: Lang,
    /// Whether Chinese can be shown.
    pub(crate) chinese: bool,
    /// Theme.
    pub(crate) look: Look,
    /// Open captures.
    pub(crate) captures: Vec<Capture>,
    /// The one on the screen.
    pub(crate) present: Option<CaptureId>,
    /// The live source.
    pub(crate) live: Option<Live>,
    /// What fills the middle of the window, and which of captures and live source did last.
    pub(crate) screen: Screen,
    pub(crate) ground: Screen,
    /// What can be connected to.
    pub(crate) devices: Devices,
    /// Number of the last connection.
    pub(crate) session: u64,
    /// The picture on the left.
    pub(crate) picture: Picture,
    /// Whether the highest, and the lowest, levels of captures are drawn.
    pub(crate) holds: (bool, bool),
    /// Whether it is drawn how often each level occurred.
    pub(crate) persistence: bool,
    /// What captures are held against.
    pub(crate) baseline: Option<Baseline>,
    /// The trend over the open captures, and what it was made of.
    pub(crate) trend: Option<(TrendOf, Arc<Trend>)>,
    /// What was last asked for.
    pub(crate) asked_trend: TrendOf,
    /// The reading whose trend is drawn; the first that moves when not given.
    pub(crate) followed: Option<String>,
    /// Counts the pictures of levels drawn.
    pub(crate) stills: u64,
    /// The table on the screen.
    pub(crate) tab: Tab,
    /// The marked frequency.
    pub(crate) mark: Option<f64>,
    /// What is typed as a path.
    pub(crate) path: String,
    /// Whether the path field takes the cursor in the next frame.
    pub(crate) focus_path: bool,
    /// Packs that can be chosen.
    pub(crate) packs: Vec<Pack>,
    /// Packs that the next capture is judged by.
    pub(crate) chosen: Vec<String>,
    /// The store.
    pub(crate) desk: Desk,
    /// Inspection rounds.
    pub(crate) rounds: Rounds,
    /// Work under way.
    pub(crate) jobs: Vec<Job>,
    /// The limit that is being typed.
    pub(crate) draft: Option<Draft>,
    /// The limits typed so far.
    pub(crate) typed: Vec<TypedLimit>,
    /// The procedure under way.
    pub(crate) guide: Option<Guide>,
    /// A live source that is to be confirmed before it is connected to.
    pub(crate) asking: Option<String>,
    /// The last message.
    pub(crate) notice: Option<Notice>,
    /// Whether the keys are shown.
    pub(crate) help: bool,
    /// Number of the last capture.
    pub(crate) last: CaptureId,
}

impl State {
    /// The state at the start.
    pub(crate) fn new(start: &Start, chinese: bool) -> Self {
        let mut packs: Vec<Pack> = LimitSet::built_in_ids()
            .filter_map(|id| LimitSet::built_in(id).ok().map(|set| Pack { key: id.to_owned(), set }))
            .collect();
        let mut notice = None;
        for key in &start.limits {
            if packs.iter().any(|p| p.key == *key) {
                continue;
            }
            match limits::load(key) {
                Ok(set) => packs.push(Pack { key: key.clone(), set }),
                Err(error) => notice = Some(Notice::Failed(error)),
            }
        }
        let lang = if chinese { start.lang } else { Lang::En };
        if lang != start.lang {
            notice = Some(Notice::Missing(Word::NoChineseFont));
        }
        let chosen = start.limits.iter().filter(|k| packs.iter().any(|p| p.key == **k)).cloned().collect();
        let actor = ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        Self {
            lang,
            chinese,
            look: start.look,
            captures: Vec::new(),
            present: None,
            live: None,
            screen: Screen::default(),
            ground: Screen::default(),
            devices: Devices::default(),
            session: 0,
            picture: Picture::default(),
            holds: (false, false),
            persistence: false,
            baseline: None,
            trend: None,
            asked_trend: Vec::new(),
            followed: None,
            stills: 0,
            tab: Tab::default(),
            mark: None,
            path: String::new(),
            focus_path: false,
            packs,
            chosen,
            desk: Desk {
                store: start.store.clone(),
                actor: actor.unwrap_or_else(|| "engineer".into()),
                ..Desk::default()
            },
            rounds: Rounds::default(),
            jobs: Vec::new(),
            draft: None,
            typed: Vec::new(),
            guide: None,
            asking: None,
            notice,
            help: false,
            last: 0,
        }
    }

    /// The capture on the screen.
    pub(crate) fn capture(&self) -> Option<&Capture> {
        self.present.and_then(|id| self.captures.iter().find(|c| c.id == id))
    }

    /// What fills the middle of the window: what was asked for, while it is there.
    pub(crate) fn screen(&self) -> Screen {
        let there = match self.screen {
            Screen::Capture | Screen::Rounds | Screen::Devices => true,
            Screen::Live => self.live.is_some(),
            Screen::Guide => self.guide.is_some(),
            Screen::Case => self.desk.case.is_some(),
        };
        if there { self.screen } else { Screen::Capture }
    }

    /// The pictures that there are of the present capture.
    pub(crate) fn pictures(&self) -> Vec<Picture> {
        let ripple = self.capture().and_then(|c| c.result.as_ref()).is_some_and(|r| r.ripple.is_some());
        let swept = self.capture().and_then(|c| c.facts.as_ref()).is_some_and(|f| f.swept);
        let iq = self.capture().and_then(|c| c.facts.as_ref()).is_some_and(|f| f.kind == Kind::Iq);
        let there = |picture: &Picture| match picture {
            Picture::Spectrum => true,
            Picture::Waterfall => !swept,
            Picture::Ripple => ripple,
            Picture::Modulation => iq,
            Picture::Comparison => self.baseline.is_some(),
            Picture::Trend => self.alike().count() > 1,
        };
        let own = [Picture::Spectrum, Picture::Waterfall, Picture::Ripple, Picture::Modulation];
        let all = own.into_iter().chain([Picture::Comparison, Picture::Trend]);
        all.filter(there).collect()
    }

    /// The open captures that were measured as the present one was, this one included.
    pub(crate) fn alike(&self) -> impl Iterator<Item = (&Capture, &Arc<CaptureResult>)> {
        let measurement = self.capture().and_then(Capture::measurement);
        let fits = move |c: &&Capture| measurement.is_some() && c.measurement() == measurement;
        self.captures.iter().filter(fits).filter_map(|c| Some((c, c.result.as_ref()?)))
    }

    /// What the trend on the screen has to be made of.
    pub(crate) fn trend_of(&self) -> TrendOf {
        self.alike().map(|(c, result)| (c.id, Arc::as_ptr(result) as usize)).collect()
    }

    /// The picture of the present capture: the chosen one where there is such a picture of it.
    pub(crate) fn picture(&self) -> Picture {
        let there = self.pictures().contains(&self.picture);
        if there { self.picture } else { Picture::Spectrum }
    }

    /// The picture after the one on the screen.
    pub(crate) fn next_picture(&self) -> Picture {
        let all = self.pictures();
        let here = all.iter().position(|p| *p == self.picture()).unwrap_or(0);
        all.get((here + 1) % all.len().max(1)).copied().unwrap_or_default()
    }

    /// The capture of a number, to change it.
    pub(crate) fn capture_mut(&mut self, id: CaptureId) -> Option<&mut Capture> {
        self.captures.iter_mut().find(|c| c.id == id)
    }

    /// The packs of a capture that have a limit for its measurement.
    pub(crate) fn packs_for(&self, keys: &[String], measurement: &str) -> Vec<LimitSet> {
        let fits = |p: &&Pack| keys.contains(&p.key) && applies(&p.set, measurement);
        self.packs.iter().filter(fits).map(|p| p.set.clone()).collect()
    }

    /// What is open, for the next start. Captures that could not be opened are not.
    pub(crate) fn session(&self) -> Session {
        let open: Vec<&Capture> = self.captures.iter().filter(|c| c.viewer.is_some() || c.error.is_none()).collect();
        Session {
            captures: open.iter().map(|c| c.address.clone()).collect(),
            present: open.iter().position(|c| Some(c.id) == self.present),
            live: self.live.as_ref().map(|l| l.address.clone()),
            recent: self.devices.recent.clone(),
            limits: self.chosen.clone(),
            case: self.desk.case.as_ref().map(|c| c.id.clone()),
        }
    }

    /// Whether the present capture can be attached to a case.
    pub(crate) fn can_attach(&self) -> bool {
        self.desk.case.is_some() && self.capture().is_some_and(|c| c.result.is_some() && c.viewer.is_some())
    }
}

/// Whether a pack has an enabled limit for a measurement.
pub(crate) fn applies(set: &LimitSet, measurement: &str) -> bool {
    faultscope_door::diagnose::judge::applies(measurement, std::slice::from_ref(set))
}
