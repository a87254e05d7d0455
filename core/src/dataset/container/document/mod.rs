//! Documents as running text, one paragraph after the other: Word files, web pages and books.

pub(crate) mod docx;
pub(crate) mod entities;
pub(crate) mod epub;
pub(crate) mod html;
pub(crate) mod paragraphs;
pub(crate) mod web_page;
