//! The macro behind the table of fields.

/// Makes a table of fields into `RecipeSpec` with its documentation and default, and into `FIELDS`.
///
/// A field is one entry, in the group that it belongs to:
///
/// ```text
/// /// One sentence on its effect, for the form and for the documentation alike.
/// name: Type = default, KIND {
///     label: "Label in the form",
///     when: "One sentence on when to change it.",
///     // Both may be left out: when the field has an effect, and its sentence in the model card.
///     applies: |spec| spec.task == Task::Generation,
///     card: "Name of the technique {}.",
/// }
/// ```
///
/// KIND is one of
/// - `number(least..=greatest)` or `number(least..=greatest, Unit)`, of `f64`, `u32` or an `Option` of these
/// - `switch`, of `bool`
/// - `choice`, of an enum made by `choice!`
/// - `choice_of(CHOICE)`, of any type: `CHOICE` is a `Choice`
/// - `custom`, of a list, or `custom(least..=greatest)`, of a map to `f64`: the form shows them in views of their own
///
/// The fields of `identity` determine what is trained and have no control.
macro_rules! recipe_fields {
    (
        identity { $( $(#[doc = $identity_doc:literal])+ $identity:ident: $identity_type:ty = $identity_default:expr; )* }
        $(
            $group:ident {
                $(
                    $(#[doc = $what:literal])+
                    $name:ident: $type:ty = $default:expr, $kind:ident $(($($arg:expr),+))? { $($texts:tt)* }
                )*
            }
        )*
    ) => {
        /// A recipe as written: every field may be wrong. Fields that are absent take their defaults.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct RecipeSpec {
            $( $(#[doc = $identity_doc])+ pub $identity: $identity_type, )*
            $($(
                $(#[doc = $what])+
                #[doc = ""]
                #[doc = concat!("`", stringify!($kind $(($($arg),+))?), "`, default `", stringify!($default), "`.")]
                pub $name: $type,
            )*)*
        }

        impl Default for RecipeSpec {
            /// The recipe that trains well untouched: all layers and the head, with the embeddings frozen.
            fn default() -> Self {
                Self {
                    $( $identity: $identity_default, )*
                    $($( $name: $default, )*)*
                }
            }
        }

        /// Every field but those of `identity`, in order.
        #[allow(clippy::needless_update, reason = "a field may give every text")]
        pub static FIELDS: &[Field] = &[$($(
            Field {
                name: stringify!($name),
                group: FieldGroup::$group,
                what: sentence(concat!($($what),+)),
                kind: kind!($name: $type, $kind $(($($arg),+))?),
                $($texts)*
                ..Field::BASE
            },
        )*)*];
    };
}

/// The kind of a field, with access to it.
macro_rules! kind {
    ($name:ident: $type:ty, number($range:expr)) => {
        kind!($name: $type, number($range, Unit::Plain))
    };
    ($name:ident: $type:ty, number($range:expr, $unit:expr)) => {
        FieldKind::Number(Number {
            range: $range,
            unit: $unit,
            is_whole: <$type as Numeric>::IS_WHOLE,
            is_optional: <$type as Numeric>::IS_OPTIONAL,
            get: |spec| Numeric::get(&spec.$name),
            set: |spec, value| Numeric::set(&mut spec.$name, value),
        })
    };
    ($name:ident: $type:ty, switch) => {
        FieldKind::Switch(Switch { get: |spec| spec.$name, set: |spec, is_on| spec.$name = is_on })
    };
    ($name:ident: $type:ty, choice) => {
        FieldKind::Choice(Choice {
            options: |_| <$type>::OPTIONS,
            get: |spec| spec.$name as usize,
            set: |spec, index| {
                if let Some(value) = <$type>::ALL.get(index) {
                    spec.$name = *value;
                }
            },
            values: None,
        })
    };
    ($name:ident: $type:ty, choice_of($choice:expr)) => {
        FieldKind::Choice($choice)
    };
    ($name:ident: $type:ty, custom) => {
        FieldKind::Custom(None)
    };
    ($name:ident: $type:ty, custom($range:expr)) => {
        FieldKind::Custom(Some(Values { range: $range, get: |spec| spec.$name.values().copied().collect() }))
    };
}
