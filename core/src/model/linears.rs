//! The linear layers of a family that can take an adapter.

/// Implements the visits of the linear layers that can take an adapter, from one table: the module of a recipe's
/// `target_modules` and the field of each of `layers`.
macro_rules! linears_of {
    ($type:ident { $($target:ident => $($field:ident).+,)+ }) => {
        impl $type {
            /// Visits the linear layers that can take an adapter.
            pub(super) fn visit_linears<'a>(
                &'a self,
                visitor: &mut dyn FnMut($crate::recipe::LoraTarget, &'a Linear),
            ) {
                for layer in &self.layers {
                    $(visitor($crate::recipe::LoraTarget::$target, &layer.$($field).+);)+
                }
            }

            /// Visits the same layers, to change them.
            pub(super) fn visit_linears_mut<'a>(
                &'a mut self,
                visitor: &mut dyn FnMut($crate::recipe::LoraTarget, &'a mut Linear),
            ) {
                for layer in &mut self.layers {
                    $(visitor($crate::recipe::LoraTarget::$target, &mut layer.$($field).+);)+
                }
            }
        }
    };
}
pub(super) use linears_of;
