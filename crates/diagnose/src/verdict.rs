//! The five verdicts and how they combine.

use serde::{Deserialize, Serialize};

/// The answer to one limit, or the worst of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Inside the limit.
    Pass,
    /// Inside the limit, but by less than the guard band or the uncertainty.
    Margin,
    /// A limit was asked for and could not be applied.
    NotEvaluated,
    /// A quality gate makes the reading unusable, or it is not a finite number.
    Invalid,
    /// Outside the limit.
    Fail,
}

impl Verdict {
    const fn weight(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Margin => 1,
            Self::NotEvaluated => 2,
            Self::Invalid => 3,
            Self::Fail => 4,
        }
    }

    /// The worse of two: a fail outweighs doubt, doubt outweighs any pass.
    #[must_use]
    pub const fn worse(self, other: Self) -> Self {
        if self.weight() >= other.weight() { self } else { other }
    }

    /// The worst of several; nothing when nothing was judged, so that silence never reads as a pass.
    pub fn worst(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().reduce(Self::worse)
    }

    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Margin => "margin",
            Self::NotEvaluated => "not_evaluated",
            Self::Invalid => "invalid",
            Self::Fail => "fail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_is_worse_than_any_pass_and_a_fail_worse_than_doubt() {
        use Verdict::{Fail, Invalid, Margin, NotEvaluated, Pass};
        assert_eq!(Verdict::worst([Pass, Margin, NotEvaluated]), Some(NotEvaluated));
        assert_eq!(Verdict::worst([Invalid, Fail, Pass]), Some(Fail));
        assert_eq!(Verdict::worst([Pass, Margin]), Some(Margin));
        assert_eq!(Verdict::worst([]), None);
    }
}
