//! The presets in words.

use hone_core::recipe::Preset;

/// What a preset is called.
pub fn name(preset: Preset) -> &'static str {
    match preset {
        Preset::Full => "Full",
        Preset::Balanced => "Balanced",
        Preset::Quick => "Quick",
        Preset::Adapter => "Adapter",
        Preset::FewExamples => "Few examples",
    }
}

/// What it does and what it is for, in one sentence.
pub fn sentence(preset: Preset) -> &'static str {
    match preset {
        Preset::Full => "All layers learn together: the sound choice when in doubt.",
        Preset::Balanced => {
            "Layers wake one by one from the top, the lower the gentler: often as good as Full, at times a little better."
        }
        Preset::Quick => "Only the new head learns: done soonest and nothing is forgotten, but it learns less.",
        Preset::Adapter => "Small matrices learn beside the model (LoRA): a small file to take away.",
        Preset::FewExamples => "For some dozens of rows: longer, with more that keeps it from memorizing.",
    }
}
