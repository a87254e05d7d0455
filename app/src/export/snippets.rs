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

/// Python that lays the downloaded adapter over the model that it was trained on.
pub fn adapter(hub_id: &str, pooling: Pooling) -> String {
    let (imports, class) = match pooling {
        Pooling::Cls => (
            "from transformers import AutoTokenizer, BertForSequenceClassification, pipeline",
            "BertForSequenceClassification",
        ),
        Pooling::Mean => (
            "\
import sys
from transformers import AutoTokenizer, pipeline
sys.path.append(\"my-adapter\")
from modeling_hone import HoneForSequenceClassification",
            "HoneForSequenceClassification",
        ),
    };
    format!(
        "\
# pip install peft transformers torch
from peft import PeftModel
{imports}

model = {class}.from_pretrained(\"{hub_id}\", config=\"my-adapter\")
model = PeftModel.from_pretrained(model, \"my-adapter\").merge_and_unload()
tokenizer = AutoTokenizer.from_pretrained(\"my-adapter\")
classify = pipeline(\"text-classification\", model=model, tokenizer=tokenizer)
print(classify(\"A quiet triumph.\", top_k=None))
"
    )
}
