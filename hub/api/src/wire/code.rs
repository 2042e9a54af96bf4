//! Words of the public JSON: qualities, states, kinds. Each names exactly one value of the model.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A word for each value of a type of the model, in one table.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident from $source:ty { $($(#[$variant_doc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl From<$source> for $name {
            fn from(source: $source) -> Self {
                match source { $(<$source>::$variant => Self::$variant,)+ }
            }
        }
    };
}

codes! {
    /// How far a reading can be trusted.
    Quality from hub_model::Quality {
        /// Passed every check.
        Good,
        /// No check is configured.
        NotEvaluated,
        /// Doubtful; the reason says why.
        Suspect,
        /// Cannot be right; the reason says why.
        Fail,
        /// There is no value; the reason says why.
        Missing,
        /// Taken while the instrument was being calibrated.
        Calibrating,
    }
}

codes! {
    /// What kind of place a site is.
    SiteKind from hub_model::SiteKind {
        /// A clean-water station.
        WaterStation,
        /// A place where waste is gathered or kept.
        WasteSite,
        /// A public Wi-Fi access point.
        WifiAccessPoint,
        /// Anything else.
        Other,
        /// The hub itself; not among `GET /sites`.
        Hub,
    }
}

codes! {
    /// What came of a request on a bus, or what an answer was good for.
    FrameOutcome from crate::field::FrameOutcome {
        /// A request whose end is not known yet.
        Waiting,
        /// A right answer.
        Answered,
        /// An exception.
        Exception,
        /// No answer in time.
        Timeout,
        /// An answer that does not fit its request.
        BadAnswer,
        /// A frame with a wrong checksum.
        BadChecksum,
        /// The connection broke.
        Disconnected,
        /// An answer that came after its request was given up.
        Late,
        /// An answer that nobody asked for.
        Stray,
        /// Bytes that are no frame.
        Noise,
    }
}

codes! {
    /// Where an alarm stands.
    AlarmState from hub_model::AlarmState {
        /// Active, nobody has said that they saw it.
        Unacknowledged,
        /// Active and seen.
        Acknowledged,
        /// Gone, but nobody has said that they saw it.
        RtnUnacknowledged,
        /// Over and closed.
        Normal,
        /// Put aside until a time.
        Shelved,
        /// Explained by another alarm, its parent, and shown under that one.
        SuppressedByDesign,
        /// What it is about was taken out of service.
        OutOfService,
    }
}

codes! {
    /// What led from one state of an alarm to the next.
    Why from hub_model::Why {
        /// The condition has held for the rule's delay.
        Raised,
        /// The condition came back before the alarm was over.
        RaisedAgain,
        /// Nobody acknowledged it for so long that it was told again.
        Reminded,
        /// The condition has been gone for the rule's delay.
        Returned,
        /// Somebody has seen it.
        Acknowledged,
        /// Somebody noted something.
        Commented,
        /// Somebody read over what the loudspeakers may say; the comment is the text.
        TextReviewed,
        /// Somebody put it aside.
        Shelved,
        /// Somebody took it back before its time.
        Unshelved,
        /// The time of the shelving was over.
        ShelvingEnded,
        /// Another alarm explains it.
        Suppressed,
        /// The alarm that explained it is gone and this one is not.
        SuppressionEnded,
        /// What it is about was taken out of service.
        TakenOutOfService,
        /// What it is about is in service again.
        PutInService,
        /// Somebody reset it, its condition being gone.
        Reset,
        /// Its rule or what it is about is no longer there.
        NoLongerWatched,
    }
}

codes! {
    /// How urgent an alarm is.
    Priority from hub_model::Priority {
        /// Know of it.
        Low,
        /// Act today.
        Medium,
        /// Act soon.
        High,
        /// Act now.
        Critical,
    }
}

codes! {
    /// Whether a limit's figure was checked against the regulation's own text.
    LimitStatus from hub_model::LimitStatus {
        /// It was.
        Verified,
        /// Not yet.
        Unverified,
    }
}

codes! {
    /// What an account may do; each role includes those before it.
    Role from crate::auth::Role {
        /// Looks.
        Viewer,
        /// Acknowledges, comments and shelves alarms.
        Staff,
        /// Keeps calibrations, maintenance and reports.
        Officer,
        /// Writes readings, changes devices and rules.
        Integrator,
        /// Keeps the accounts.
        Admin,
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        code.parse::<crate::auth::Role>().map(Self::from).map_err(serde::de::Error::custom)
    }
}

impl From<Role> for crate::auth::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Staff => Self::Staff,
            Role::Officer => Self::Officer,
            Role::Integrator => Self::Integrator,
            Role::Admin => Self::Admin,
        }
    }
}

/// How a site fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiteState {
    /// All is well.
    Normal,
    /// An alarm is active and not shelved.
    Alarm,
    /// No alarm, but a device is silent.
    Silent,
    /// Nothing was ever read.
    NoData,
}

/// How a device fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// At least one of its points has a value.
    Online,
    /// All of its points are missing.
    Silent,
    /// Nothing was ever read.
    NoData,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: impl Serialize) -> String {
        serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn every_word_is_the_models_own() {
        for quality in hub_model::Quality::ALL {
            assert_eq!(word(Quality::from(quality)), quality.code());
        }
        for kind in hub_model::SiteKind::ALL {
            assert_eq!(word(SiteKind::from(kind)), kind.code());
        }
        for state in hub_model::AlarmState::ALL {
            assert_eq!(word(AlarmState::from(*state)), state.code());
        }
        for priority in hub_model::Priority::ALL {
            assert_eq!(word(Priority::from(*priority)), priority.code());
        }
        for role in crate::auth::Role::ALL {
            assert_eq!(word(Role::from(role)), role.code());
        }
    }
}
