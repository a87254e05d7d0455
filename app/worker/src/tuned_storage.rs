//! Tuned models in the browser's storage: a folder `tuned` with one subfolder per model, which contains the zip that an
//! export would be, and its description. The description is written last: without it, the zip is not whole.

use std::io::Write;

use hone_core::catalog::{TunedEntry, TunedModel, damaged};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Event;
use web_sys::Blob;

use crate::mailbox::report;
use crate::opfs::{Folder, OpenFile};

/// The folder of all tuned models.
const TUNED: &str = "tuned";
/// The zip of a model's folder.
const ZIP: &str = "model.zip";
/// Description of a model.
const MANIFEST: &str = "manifest.json";
/// Maximum size of a description, in bytes: it has the names of all labels and a confusion matrix.
const MAX_MANIFEST_BYTES: usize = 16 << 20;

/// A model that is being stored.
pub struct NewTuned {
    folder: Folder,
    /// Name of its folder.
    pub id: String,
    /// The zip, which is removed with its folder unless it is finished.
    pub zip: OpenFile,
}

impl NewTuned {
    /// Begins to store a model.
    ///
    /// # Errors
    /// `tuned.storage` if the browser refuses.
    pub async fn begin() -> Result<Self, Diagnostic> {
        // The time is the order of the list; two tabs never begin in the same millisecond with the same random number.
        let id = format!("{:.0}-{:06.0}", js_sys::Date::now(), js_sys::Math::random() * 1e6);
        let begun = async {
            let folder = Folder::top(TUNED).await?.made(&id).await?;
            let zip = folder.open(ZIP, true).await?;
            Ok((folder, zip))
        };
        let (folder, zip) = begun.await.map_err(|reason: String| not_kept(&reason))?;
        Ok(Self { folder, id, zip })
    }

    /// Stores the description of the model, whose zip has been written.
    ///
    /// # Errors
    /// `tuned.storage` if the browser refuses.
    pub async fn finish(mut self, model: TunedModel) -> Result<(), Diagnostic> {
        let model = TunedModel { bytes: self.zip.size(), ..model };
        self.zip.flush().map_err(|error| not_kept(&error.to_string()))?;
        store(&self.folder, &model).await
    }
}

/// The error when the storage refuses a model.
pub fn not_kept(reason: &str) -> Diagnostic {
    Diagnostic::new("tuned.storage", format!("The browser did not store the model: {}.", reason.trim_end_matches('.')))
        .done("The tuned model is still in this tab.")
        .remedy("Download it instead, or free space: delete models that you no longer need. A private window may have no storage.")
}

async fn store(folder: &Folder, model: &TunedModel) -> Result<(), Diagnostic> {
    let json = serde_json::to_vec(model).map_err(|error| not_kept(&error.to_string()))?;
    let file = folder.open(MANIFEST, true).await.map_err(|reason| not_kept(&reason))?;
    file.replace(&json).map_err(|error| not_kept(&error.to_string()))
}

async fn folder(id: &str) -> Result<Folder, Diagnostic> {
    let opened = match Folder::top(TUNED).await {
        Ok(folder) => folder.existing(id).await,
        Err(_) => None,
    };
    opened.ok_or_else(|| {
        Diagnostic::new("tuned.gone", "This model is no longer in this browser's storage.")
            .remedy("It may have been deleted in another tab. Reload the page.")
    })
}

async fn read(folder: &Folder) -> Result<TunedModel, Diagnostic> {
    let json = folder.small(MANIFEST, MAX_MANIFEST_BYTES).await;
    let model = TunedModel::parse(&json.ok_or_else(|| damaged("it was not stored completely"))?)?;
    match folder.blob(ZIP).await {
        Some(zip) if zip.size() == model.bytes => Ok(model),
        _ => Err(damaged("its file has another size than when it was stored")),
    }
}

/// The description of a model, and the zip of its folder.
///
/// # Errors
/// `tuned.gone`, `tuned.version` or `tuned.damaged`.
pub async fn open(id: &str) -> Result<(TunedModel, Blob), Diagnostic> {
    let folder = folder(id).await?;
    let model = read(&folder).await?;
    let zip = folder.blob(ZIP).await.ok_or_else(|| damaged("its file is missing"))?;
    Ok((model, zip))
}

/// Renames a model.
///
/// # Errors
/// As for [`open`], or if the browser refuses to store the name.
pub async fn rename(id: &str, name: String) -> Result<(), Diagnostic> {
    let folder = folder(id).await?;
    store(&folder, &TunedModel { name, ..read(&folder).await? }).await
}

/// Deletes a model.
pub async fn delete(id: &str) {
    if let Ok(folder) = Folder::top(TUNED).await {
        folder.remove(id).await;
    }
}

/// Sends the list of models, the last one first.
pub async fn report_tuned() {
    let mut models = Vec::new();
    if let Ok(tuned) = Folder::top(TUNED).await {
        let mut ids = tuned.names().await;
        ids.sort_by(|a, b| b.cmp(a));
        for id in ids {
            let Some(folder) = tuned.existing(&id).await else { continue };
            models.push(match read(&folder).await {
                // The folder's name is what opens and deletes it.
                Ok(model) => TunedEntry::Whole(Box::new(TunedModel { id, ..model })),
                Err(diagnostic) => TunedEntry::Damaged { id, diagnostic },
            });
        }
    }
    report(&Event::TunedModels { models });
}
