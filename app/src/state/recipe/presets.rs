//! Names and descriptions of the presets.

use hone_core::recipe::Preset;

/// Name of a preset.
pub fn name(preset: Preset) -> &'static str {
    match preset {
        Preset::Full => "Full",
        Preset::Balanced => "Balanced",
        Preset::Quick => "Quick",
        Preset::Adapter => "Adapter",
        Preset::FewExamples => "Few examples",
    }
}

/// Describes a preset and when to use it, in one sentence.
pub fn sentence(preset: Preset) -> &'static str {
    match preset {
        Preset::Full => "Trains all layers together: the sound choice when in doubt.",
        Preset::Balanced => {
            "Unfreezes layers one by one from the top, with lower learning rates further down: about as good as Full, sometimes a little better."
        }
        Preset::Quick => "Trains only the new head: the fastest, and nothing is forgotten, but it learns less.",
        Preset::Adapter => "Trains small matrices next to the frozen model (LoRA): the result is a small file.",
        Preset::FewExamples => {
            "For a few dozen rows: lower rates further down and softer labels, so that it memorizes less."
        }
    }
}
