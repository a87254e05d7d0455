//! The wire format of protocol buffers, as far as an ONNX file needs it:
//! <https://protobuf.dev/programming-guides/encoding/>.

/// Wire type: the way in which the bytes of a field are delimited.
#[derive(Clone, Copy)]
enum WireType {
    /// A variable-length integer.
    Varint = 0,
    /// A length, followed by that number of bytes.
    Bytes = 2,
    /// Four bytes.
    Fixed32 = 5,
}

/// A message under construction: its fields in the order in which they are added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ProtoMessage(Vec<u8>);

impl ProtoMessage {
    /// Adds an integer. Repeated integers are added one by one: in proto2 they are not packed.
    pub(super) fn number(mut self, field: u32, value: i64) -> Self {
        self.tag(field, WireType::Varint);
        // A negative number takes ten bytes.
        self.varint(value as u64);
        self
    }

    /// Adds a 32-bit float.
    pub(super) fn float(mut self, field: u32, value: f32) -> Self {
        self.tag(field, WireType::Fixed32);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Adds bytes, or a text in UTF-8.
    pub(super) fn bytes(self, field: u32, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let mut message = self.length(field, bytes.len() as u64);
        message.0.extend(bytes);
        message
    }

    /// Adds a message.
    pub(super) fn message(self, field: u32, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    /// Begins a field of `length` bytes, which are written elsewhere.
    pub(super) fn length(mut self, field: u32, length: u64) -> Self {
        self.tag(field, WireType::Bytes);
        self.varint(length);
        self
    }

    /// Adds the fields of another message of the same type.
    pub(super) fn extend(&mut self, fields: &Self) {
        self.0.extend(&fields.0);
    }

    /// The bytes so far.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn tag(&mut self, field: u32, kind: WireType) {
        self.varint(u64::from(field << 3 | kind as u32));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 & 0x7f | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_encoded_as_in_the_specification() {
        // The examples of the encoding guide: `a: 150` and `b: "testing"`, and a message within another.
        let number = ProtoMessage::default().number(1, 150);
        assert_eq!(number.as_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(ProtoMessage::default().message(3, &number).as_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(ProtoMessage::default().bytes(2, "testing").as_bytes(), b"\x12\x07testing");
        assert_eq!(ProtoMessage::default().float(2, 1.0).as_bytes(), [0x15, 0, 0, 0x80, 0x3f]);
    }

    #[test]
    fn a_negative_number_takes_ten_bytes() {
        let bytes = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(ProtoMessage::default().number(1, -1).as_bytes(), bytes);
    }

    #[test]
    fn high_field_numbers_take_two_bytes() {
        assert_eq!(ProtoMessage::default().number(20, 7).as_bytes(), [0xa0, 0x01, 0x07]);
    }
}
