# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes chat.json: conversations rendered by transformers with SmolLM2's chat template, three that were written for
this test, and those of chat_templates.py. strftime_now gives the date that Hone gives.
"""

import datetime
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from gguf import GGUFReader
from jinja2 import TemplateError
from tokenizers import Tokenizer
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from chat_templates import FAMILIES, FEATURE_CONVERSATIONS, FEATURES
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


class FixedDate(datetime.datetime):
    """The date that Hone gives to templates."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 12, 0, 0)


def main():
    chat_template_utils.datetime = FixedDate
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE()), bos_token="<s>", eos_token="</s>")
    smollm2 = GGUFReader(SMOLLM2).fields["tokenizer.chat_template"].contents()
    general = {"smollm2": smollm2, **TEMPLATES}
    special = {**FEATURES, **FAMILIES}
    cases = [
        {"template": name, "messages": messages, "prompt": prompt, **rendered(tokenizer, template, messages, prompt)}
        for templates, conversations in ((general, CONVERSATIONS), (special, FEATURE_CONVERSATIONS))
        for name, template in templates.items()
        for messages in map(as_messages, conversations)
        for prompt in (False, True)
    ]
    templates = {**general, **special}
    write_json(GOLDEN / "chat.json", {"provenance": provenance(__file__, [SMOLLM2]), "templates": templates, "cases": cases})


def as_messages(turns):
    return [{"role": role, "content": content} for role, content in turns]


def rendered(tokenizer, template, messages, prompt):
    """The rendered text with the ranges that {% generation %} marks, in characters, or the error that the template
    raises."""
    try:
        (text,), (marks,) = chat_template_utils.render_jinja_template(
            [messages],
            chat_template=template,
            return_assistant_tokens_mask=True,
            add_generation_prompt=prompt,
            **tokenizer.special_tokens_map,
        )
    except TemplateError as error:
        return {"error": str(error)}
    return {"text": text, "marks": marks} if marks else {"text": text}


if __name__ == "__main__":
    main()
