//! The metadata of a GGUF file: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

/// Types of values, by their numbers in the file.
#[derive(Clone, Copy)]
enum ValueType {
    Uint32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    Text = 8,
    List = 9,
}

/// Keys and values in the form of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    bytes: Vec<u8>,
    count: u64,
}

impl Metadata {
    /// Number of keys.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The keys and values.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds a number.
    pub(super) fn uint(&mut self, key: &str, value: usize) {
        self.key(key, ValueType::Uint32);
        self.bytes.extend((value as u32).to_le_bytes());
    }

    /// Adds a 32-bit float.
    pub(super) fn float(&mut self, key: &str, value: f64) {
        self.key(key, ValueType::Float32);
        self.bytes.extend((value as f32).to_le_bytes());
    }

    /// Adds a truth value.
    pub(super) fn bool(&mut self, key: &str, value: bool) {
        self.key(key, ValueType::Bool);
        self.bytes.push(u8::from(value));
    }

    /// Adds a text.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key, ValueType::Text);
        self.bytes.extend(text(value));
    }

    /// Adds a list of texts.
    pub(super) fn texts(&mut self, key: &str, values: &[String]) {
        self.list(key, ValueType::Text, values.len());
        values.iter().for_each(|value| self.bytes.extend(text(value)));
    }

    /// Adds a list of signed numbers.
    pub(super) fn ints(&mut self, key: &str, values: &[i32]) {
        self.list(key, ValueType::Int32, values.len());
        values.iter().for_each(|value| self.bytes.extend(value.to_le_bytes()));
    }

    /// Adds a list of 32-bit floats.
    pub(super) fn floats(&mut self, key: &str, values: &[f32]) {
        self.list(key, ValueType::Float32, values.len());
        values.iter().for_each(|value| self.bytes.extend(value.to_le_bytes()));
    }

    fn key(&mut self, key: &str, kind: ValueType) {
        self.bytes.extend(text(key));
        self.bytes.extend((kind as u32).to_le_bytes());
        self.count += 1;
    }

    fn list(&mut self, key: &str, kind: ValueType, length: usize) {
        self.key(key, ValueType::List);
        self.bytes.extend((kind as u32).to_le_bytes());
        self.bytes.extend((length as u64).to_le_bytes());
    }
}

/// A text after its length in bytes.
pub(super) fn text(text: &str) -> Vec<u8> {
    let length = (text.len() as u64).to_le_bytes();
    [&length, text.as_bytes()].concat()
}
