//! Floats of 16 bits as floats of 32 bits, which have all of their values.

/// Half-precision floats (IEEE binary16) from their bits. They must be finite.
pub fn widen_f16(bits: &[u16]) -> Vec<f32> {
    /// Difference of the exponents' biases, as a factor: 2 to the power of 112. The product is exact, and gives numbers below
    /// the smallest normal one their own exponents.
    const REBIASED: f32 = f32::from_bits((127 + 112) << 23);
    let widened = |&bits: &u16| {
        let (sign, rest) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff) << 13);
        f32::from_bits((f32::from_bits(rest) * REBIASED).to_bits() | sign)
    };
    bits.iter().map(widened).collect()
}

/// Floats with the range of 32 bits (bfloat16) from their bits.
pub fn widen_bf16(bits: &[u16]) -> Vec<f32> {
    bits.iter().map(|&bits| f32::from_bits(u32::from(bits) << 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a finite half-precision float by its definition.
    fn value(bits: u16) -> f64 {
        let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
        let size = if exponent == 0 { fraction * 2f64.powi(-14) } else { (1.0 + fraction) * 2f64.powi(exponent - 15) };
        if sign == 1 { -size } else { size }
    }

    #[test]
    fn every_finite_half_is_its_value() {
        let all: Vec<u16> = (0..=u16::MAX).filter(|bits| bits >> 10 & 31 != 31).collect();
        for (&bits, widened) in all.iter().zip(widen_f16(&all)) {
            assert_eq!(f64::from(widened), value(bits), "{bits:#x}");
            assert_eq!(widened.is_sign_negative(), bits >> 15 == 1, "{bits:#x}");
        }
    }

    #[test]
    fn a_bfloat_is_the_upper_half_of_its_value() {
        for value in [0.0f32, -0.0, 1.0, -3.140625, 1e-38, 2e-40, 3e38] {
            let rounded = f32::from_bits(value.to_bits() & 0xffff_0000);
            let widened = widen_bf16(&[(value.to_bits() >> 16) as u16]);
            assert_eq!(widened[0].to_bits(), rounded.to_bits(), "{value}");
        }
    }
}
