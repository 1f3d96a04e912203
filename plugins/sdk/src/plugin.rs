//! What a plugin does, as three traits, and the macros that make a component of a type which has them.

use crate::source::Source;
use crate::telemetry::Telemetry;
use crate::{Diagnosis, Failure, Finding, Proposal};

/// Says what is wrong.
pub trait Detector {
    /// Reads the window, and the source where it helps; an empty list when nothing is wrong.
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure>;
}

/// Finds root causes.
pub trait Diagnoser {
    /// The root cause of a finding; none when it can't be told. The finding may be another plugin's.
    fn diagnose(finding: &Finding, telemetry: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure>;
}

/// Proposes repairs.
pub trait Fixer {
    /// Repairs, the best first; none when none is sure. Finding and diagnosis may be other plugins'.
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        telemetry: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure>;
}

/// Where the host mounts the window.
#[doc(hidden)]
pub fn telemetry() -> Telemetry {
    Telemetry::open("/telemetry")
}

/// Where the host mounts the snapshot.
#[doc(hidden)]
pub fn source() -> Source {
    Source::open("/source")
}

/// Makes a component that exports `detector` of a type that is a [`Detector`](crate::Detector).
#[macro_export]
macro_rules! export_detector {
    ($plugin:ident) => {
        $crate::export_interface!($plugin, detector, DETECTOR, __export_thymus_plugin_detector_0_1_0_cabi, {
            fn detect() -> Result<Vec<$crate::Finding>, $crate::Failure> {
                <$plugin as $crate::Detector>::detect(&$crate::plugin::telemetry(), &$crate::plugin::source())
            }
        });
    };
}

/// Makes a component that exports `diagnoser` of a type that is a [`Diagnoser`](crate::Diagnoser).
#[macro_export]
macro_rules! export_diagnoser {
    ($plugin:ident) => {
        $crate::export_interface!($plugin, diagnoser, DIAGNOSER, __export_thymus_plugin_diagnoser_0_1_0_cabi, {
            fn diagnose(finding: $crate::Finding) -> Result<Option<$crate::Diagnosis>, $crate::Failure> {
                let (telemetry, source) = ($crate::plugin::telemetry(), $crate::plugin::source());
                <$plugin as $crate::Diagnoser>::diagnose(&finding, &telemetry, &source)
            }
        });
    };
}

/// Makes a component that exports `fixer` of a type that is a [`Fixer`](crate::Fixer).
#[macro_export]
macro_rules! export_fixer {
    ($plugin:ident) => {
        $crate::export_interface!($plugin, fixer, FIXER, __export_thymus_plugin_fixer_0_1_0_cabi, {
            fn propose(
                finding: $crate::Finding,
                diagnosis: $crate::Diagnosis,
            ) -> Result<Vec<$crate::Proposal>, $crate::Failure> {
                let (telemetry, source) = ($crate::plugin::telemetry(), $crate::plugin::source());
                <$plugin as $crate::Fixer>::propose(&finding, &diagnosis, &telemetry, &source)
            }
        });
    };
}

/// Makes a component that exports all three interfaces of a type that is a [`Detector`](crate::Detector), a
/// [`Diagnoser`](crate::Diagnoser) and a [`Fixer`](crate::Fixer). The macros for one interface each can also be
/// combined, on one type or on several.
#[macro_export]
macro_rules! export_healer {
    ($plugin:ident) => {
        $crate::export_detector!($plugin);
        $crate::export_diagnoser!($plugin);
        $crate::export_fixer!($plugin);
    };
}

/// One interface: the functions that the component's host calls, and the component type that makes the linker export
/// them. wit-bindgen's own macro exports a whole world; a plugin may be a part of one.
#[doc(hidden)]
#[macro_export]
macro_rules! export_interface {
    ($plugin:ident, $interface:ident, $world:ident, $cabi:ident, { $call:item }) => {
        #[doc(hidden)]
        impl $crate::bindings::exports::thymus::plugin::$interface::Guest for $plugin {
            $call
        }

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unused_qualifications)]
        const _: () = {
            $crate::$cabi!($plugin with_types_in $crate::bindings::exports::thymus::plugin::$interface);

            #[unsafe(link_section = concat!("component-type:thymus-sdk:", stringify!($interface)))]
            #[used]
            static COMPONENT_TYPE: [u8; $crate::bindings::worlds::$world.len()] = $crate::bindings::worlds::$world;
        };
    };
}
