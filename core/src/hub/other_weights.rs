//! Weights that are not opened here, by the names of their files.

/// A way to get weights that can be read.
const SAVE: &str = "If you trust it, open it with transformers and save it again: `from_pretrained(FOLDER)`, then \
    `save_pretrained(NEW_FOLDER, max_shard_size=\"100GB\")`, which writes one model.safetensors.";

/// The weights of a folder that has none to be read here: a clause after the folder's name, and a remedy.
pub fn other_weights<'a>(names: impl IntoIterator<Item = &'a str>) -> (&'static str, &'static str) {
    let names: Vec<String> = names.into_iter().map(str::to_ascii_lowercase).collect();
    let any = |ends: &[&str]| names.iter().any(|name| ends.iter().any(|end| name.ends_with(end)));
    if any(&["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"]) {
        return (
            "has only an adapter (LoRA), without the model that it changes",
            "Merge it into its base model with PEFT's `merge_and_unload()`, and save the model that it returns.",
        );
    }
    if any(&[".safetensors"]) {
        return (
            "has weights under other names than model.safetensors, and no index of them",
            "If they are parts of one model, add its model.safetensors.index.json. Otherwise give the one that you mean that \
             name.",
        );
    }
    if any(&[".bin", ".pt", ".pth", ".pkl", ".ckpt"]) {
        return (
            "has its weights only as a PyTorch pickle, which can run arbitrary code and is never opened here",
            SAVE,
        );
    }
    if any(&[".h5", ".msgpack", ".pb"]) || names.iter().any(|name| name.contains(".ckpt.")) {
        return (
            "has its weights only for TensorFlow or Flax",
            "Look for a version with a model.safetensors; most models have one.",
        );
    }
    if any(&[".onnx", ".tflite", ".mlpackage", ".engine"]) {
        return (
            "has the model only for inference, and that form cannot be trained",
            "Take the model that it was exported from, with its model.safetensors.",
        );
    }
    (
        "has no weights that can be read here",
        "It needs config.json, tokenizer.json and model.safetensors, or a .gguf file.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_other_kinds_are_named() {
        for (names, named) in [
            (&["adapter_config.json", "adapter_model.bin"][..], "adapter"),
            (&["config.json", "model-00001-of-00002.safetensors", "tokenizer.json"], "no index"),
            (&["config.json", "pytorch_model.bin"], "pickle"),
            (&["pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"], "pickle"),
            (&["bert_model.ckpt.data-00000-of-00001"], "TensorFlow"),
            (&["tf_model.h5"], "TensorFlow"),
            (&["flax_model.msgpack"], "Flax"),
            (&["onnx/model.onnx"], "inference"),
            (&["README.md"], "no weights"),
        ] {
            let (what, remedy) = other_weights(names.iter().copied());
            assert!(what.contains(named) && !remedy.is_empty(), "{names:?}: {what}");
        }
    }
}
