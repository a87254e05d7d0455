use hone_core::recipe::Pooling;

/// Python that sorts texts with the downloaded model.
pub fn classify(pooling: Pooling) -> String {
    let trust = match pooling {
        Pooling::Cls => "",
        Pooling::Mean => ", trust_remote_code=True",
    };
    format!(
        "\
# pip install transformers torch
from transformers import pipeline

classify = pipeline(\"text-classification\", model=\"my-model\"{trust})
print(classify(\"A quiet triumph.\", top_k=None))
"
    )
}

/// Python that turns texts into vectors with the body of the downloaded model.
pub fn encode() -> String {
    "\
# pip install transformers torch
import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(\"my-model\")
body = AutoModel.from_pretrained(\"my-model\")
batch = tokenizer([\"A quiet triumph.\"], padding=True, return_tensors=\"pt\")
with torch.no_grad():
    vectors = body(**batch).last_hidden_state
print(vectors.shape)  # [texts, tokens, width]
"
    .into()
}
