# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes chat.json: conversations rendered by transformers with SmolLM2's chat template and three others.

The others were written for this test. Together they use the features of the templates of Llama, Mistral, Gemma, Qwen
and Zephyr.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from gguf import GGUFReader
from jinja2 import TemplateError
from tokenizers import Tokenizer
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

from reference import GOLDEN, provenance, write_json

SMOLLM2 = Path.home() / ".cache/hone/models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf"
BLOCKS = """{# a comment #}
{%- set names = {'user': 'Human', 'assistant': 'Machine'} %}
{% for message in messages %}
    {% if message['role'] in names %}
{{ names[message['role']] }}: {{ message['content'] | trim }}
    {% else %}
[{{ message.role | upper }}] {{ message.content }}
    {%- endif %}

{% endfor %}
{% if add_generation_prompt %}
Machine:
{%- endif %}
"""
ALTERNATING = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{%- for message in turns %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('User and assistant take turns.') }}
    {%- endif %}
    {%- if loop.first and system is defined %}
        {%- set content = '<<' + system + '>>\\n' + message['content'] %}
    {%- else %}
        {%- set content = message['content'] %}
    {%- endif %}
    {{- '[Q] ' ~ content.strip() ~ ' [/Q]' if message['role'] == 'user' else ' ' ~ content.strip() ~ eos_token }}
{%- endfor %}"""
METHODS = """{%- macro turn(role, content) -%}
<{{ role }}>{{ content }}</{{ role }}>
{%- endmacro -%}
{%- set ns = namespace(last=0, seen=[]) -%}
{%- for message in messages %}{% if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor -%}
{%- for message in messages %}
    {%- set content = message.content.split('</think>')[-1].lstrip('\\n') if '</think>' in message.content else message.content %}
    {%- if message.content.startswith('!') %}{% continue %}{% endif %}
    {{- turn(message.role, content | replace('x', 'y')) }}
    {%- if loop.index0 == ns.last and not loop.last %}{{ ' (' ~ (messages | length) ~ ')' }}{% endif %}
    {%- if message.tool_calls is defined or tools %}never{% endif %}
{%- endfor %}
{%- if add_generation_prompt and messages[-1].role != 'assistant' %}{{ '<assistant>' }}{% endif %}"""
TEMPLATES = {"blocks": BLOCKS, "alternating": ALTERNATING, "methods": METHODS}
CONVERSATIONS = [
    [("user", "Hi")],
    [("user", "  Hi <b>&</b> 'you' \n"), ("assistant", "<think>\nx\n</think>\n\nHello x"), ("user", "Größe 👍?")],
    [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello")],
    [("assistant", "Hello"), ("user", "!secret")],
    [("user", "{{ 7 * 7 }}{% raw %}")],
]


def main():
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE()), bos_token="<s>", eos_token="</s>")
    smollm2 = GGUFReader(SMOLLM2).fields["tokenizer.chat_template"].contents()
    templates = {"smollm2": smollm2, **TEMPLATES}
    conversations = [[{"role": role, "content": content} for role, content in turns] for turns in CONVERSATIONS]
    cases = [
        {"template": name, "messages": messages, "prompt": prompt, **rendered(tokenizer, template, messages, prompt)}
        for name, template in templates.items()
        for messages in conversations
        for prompt in (False, True)
    ]
    write_json(GOLDEN / "chat.json", {"provenance": provenance(__file__, [SMOLLM2]), "templates": templates, "cases": cases})


def rendered(tokenizer, template, messages, prompt):
    """The rendered text, or the error that the template raises."""
    try:
        text = tokenizer.apply_chat_template(
            messages, chat_template=template, tokenize=False, add_generation_prompt=prompt
        )
    except TemplateError as error:
        return {"error": str(error)}
    return {"text": text}


if __name__ == "__main__":
    main()
