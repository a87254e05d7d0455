//! What reasoning models generate before an answer.

/// A generated text without the empty block of thought that models such as Qwen3 put before an answer when they do not
/// think. Their chat templates put it into the training texts too.
pub fn without_empty_thought(text: &str) -> &str {
    let Some(thought) = text.trim_start().strip_prefix("<think>").map(str::trim_start) else { return text };
    match thought.strip_prefix("</think>") {
        Some(answer) => answer.trim_start(),
        // Not yet generated.
        None if thought.is_empty() => "",
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::without_empty_thought;

    #[test]
    fn an_empty_thought_is_removed_and_any_other_kept() {
        for (text, expected) in [
            ("<think>\n\n</think>\n\nYes.", "Yes."),
            ("\n<think></think>Yes.", "Yes."),
            ("<think>\n", ""),
            ("<think>\nHm.\n</think>\n\nYes.", "<think>\nHm.\n</think>\n\nYes."),
            (" Yes.", " Yes."),
            ("Yes. <think></think>", "Yes. <think></think>"),
        ] {
            assert_eq!(without_empty_thought(text), expected, "{text:?}");
        }
    }
}
