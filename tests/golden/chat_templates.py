# SPDX-License-Identifier: MIT OR Apache-2.0
"""Chat templates for chat.py: one for each feature of transformers' template environment, and short forms of those that
well-known model families document."""

FEATURES = {
    "tools_and_documents": """{%- if tools is not none %}TOOLS {% endif %}
{%- if tools is defined and tools %}LISTED {% endif %}
{%- if documents is none %}no documents {% endif %}
{%- if not tools is defined %}undefined {% endif %}
{%- if builtin_tools is defined or tools is not none %}ENVIRONMENT {% endif %}
{%- for message in messages %}{{ message.content }};{% endfor %}""",
    "generation": """{%- for message in messages %}
    {{- '<' + message.role + '>' }}
    {%- if message.role == 'assistant' %}
        {% generation %}
        {{- message.content + eos_token }}
        {% endgeneration %}
    {%- else %}
        {{- message.content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<assistant>' }}{% endif %}""",
    "generation_dashes": """{% for message in messages %}[{{ message.role }}]
{%- if message.role == 'assistant' %}
{%-generation-%}  {% set inner = 'x' %} {{ message.content }}  {%- endgeneration %}  {{ inner }}
{%- else %} {{ message.content | trim }}{%+ endif %} |
{% endfor %}""",
    "strftime_now": """{{ strftime_now('%d %b %Y') }}|{{ strftime_now("%Y-%m-%d") }}|{{ strftime_now('%A, %B %d, %Y %H:%M:%S') }}|
{%- if strftime_now is defined %}{% set today = strftime_now('%-d/%-m/%y %a %j %I %p %% %F %T') %}{{ today }}{% endif %}
{{- messages[0].content }}""",
    "tojson": """{%- set schema = {'name': 'größe <b>', 'b': [1, 2.5, true, none], 'a': {}, 'e': [], 'q': "it's \\"so\\" & \\t"} %}
{{- schema | tojson }}
{{ schema | tojson(indent=2) }}
{{ schema | tojson(separators=(',', ':'), sort_keys=true) }}
{{ messages | tojson(ensure_ascii=True) }}
{{ messages[0] | tojson(indent=4) }}{{ 1.0 | tojson }} {{ {1: 2, true: 3} | tojson }} {{ 1e20 | tojson }} {{ (1, 'a') | tojson(indent='\t') }}""",
    "string_methods": """{%- for message in messages %}
{%- set c = message.content %}
{{- c.removeprefix('Hi') }}|{{ c.removesuffix('!') }}|{{ c.startswith('Hi') }}|{{ c.startswith(('Hi', 'x')) }}|{{ c.endswith('?') }}
{{ c.title() }}|{{ c.capitalize() }}|{{ c.upper() }}|{{ c.swapcase() }}|{{ c.strip('H!') }}|{{ c.lstrip() }}|{{ c.rstrip('!') }}
{{ c.split() }}|{{ c.split(' ', 1) }}|{{ c.rsplit(' ', 1) }}|{{ c.split('e', maxsplit=1)[-1] }}|{{ c.splitlines() }}|{{ c.partition(' ') }}|{{ c.rpartition(' ') }}
{{ c.find('e') }}|{{ c.index(c[0]) }}|{{ c.count('e') }}|{{ c.replace('e', 'E', 1) }}|{{ c.replace('e', '') }}|{{ '7'.zfill(3) }}|{{ '7'.rjust(3, '.') }}|{{ 'ab'.ljust(4) }}|{{ 'ab'.center(6, '*') }}
{{ ', '.join(['a', c]) }}|{{ '{} and {}'.format('a', c) }}|{{ '{0}{0}{x}'.format('a', x=1) }}|{{ c.isdigit() }}|{{ '12'.isdigit() }}|{{ c.casefold() }}|{{ c.islower() }}|{{ "they're bill's".title() }}
{%- endfor %}""",
    "percent": """{%- for message in messages %}
{{- '%s: %s' % (message.role, message.content) }}|{{ '<%s>' % message.role }}|{{ '%02d%%' % loop.index }}|{{ "%(role)s!" % message }}|{{ '%s' % message.role | upper ~ '.' }}|{{ ('<' ~ '%s' ~ '>') % message.role }}|{{ '%.2f' % 1.5 }}|{{ '%5s|%-5s|%x' % ('a', 'b', 255) }}|{{ loop.index0 % 2 == 0 }}|{{ -7 % 3 }}|{{ 7 * 5 % 4 }}
{%- if loop.index0 % 2 %} odd{% endif %}
{% endfor %}""",
    "dictionaries": """{%- set roles = {'user': 'Human', 'assistant': 'Bot', 'a': 1} %}
{%- for key, value in roles.items() %}{{ key }}={{ value }};{% endfor %}
{%- for message in messages %}{{ roles.get(message.role, 'Other') }}{{ message.get('name') }}{{ message.get('x', '-') }}{% for key, value in message.items() %} {{ key }}:{{ value }}{% endfor %}{% for key in message %} {{ key }}{% endfor %}{{ message.keys() | list }}{{ message }}
{% endfor %}{{ dict(b=1, a=2) }}{{ roles | items | list }}{{ roles | dictsort }}{{ 'user' in roles }}{{ roles | length }}""",
    "slices": """{{ messages[1:] | length }} {{ messages[:-1] | length }} {{ messages[::-1][0].content }} {{ messages[-1]['content'][:4] }} {{ messages[0].content[-3:] }} {{ messages[0].content[1:4] }} {{ messages[0].content[::2] }} {{ messages[0].content[0] }}{{ messages[-1].role }}
{%- for message in messages[1:] %}{{ loop.revindex }}/{{ loop.length }} {{ loop.previtem.role if loop.previtem is defined else '-' }}>{{ loop.nextitem.role if loop.nextitem is defined else '-' }} {{ loop.cycle('a', 'b') }};{% else %}none{% endfor %}""",
    "namespace": """{%- set ns = namespace(found=false, count=0, text='') %}
{%- for message in messages %}
    {%- if message.role == 'system' %}{% set ns.found = true %}{% continue %}{% endif %}
    {%- set ns.count = ns.count + 1 %}
    {%- set ns.text = ns.text ~ message.content ~ ns.count %}
    {%- if ns.count == 2 %}{% break %}{% endif %}
{%- endfor %}
{{- ns.found }} {{ ns.count }} {{ ns.text }}""",
    "trimming": "{% for message in messages %}\n    {% if message.role == 'user' %}\n  U: {{ message.content }}\n    {% else %}\n  A: {{ message.content }}  \n    {%- endif %}\n\n{% endfor %}\n{%+ if true %} x {% endif +%}\n  {# note #}\ny\n",
    "values": """{{ none }} {{ true }} {{ 1.0 }} {{ [1, 'a', none] }} {{ (1,) }} {{ missing }} {{ messages[0].name or 'nobody' }} {{ messages[0].role and messages[0].content }} {{ 'a' 'b' }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 'ab' * 2 }} {{ 'x' ~ 1 ~ true ~ none }} {{ [1] + [2] }} {{ 'a' if false }} {{ missing is none }} {{ messages[0].name is defined }} {{ 'a' in 'cat' }} {{ 'role' in messages[0] }} {{ missing | length }} {{ 'a' is iterable }} {{ 'a' is sequence }} {{ messages is sequence }} {{ messages[0] is mapping }} {{ messages[0] is iterable }} {{ 1 < 2 < 3 }} {{ true == 1 }}""",
    "filters": """{{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ (messages | rejectattr('role', 'eq', 'system') | list)[0].role }} {{ messages | map(attribute='content') | map('upper') | first }} {{ messages | last }} {{ 'a,b' | replace(',', ';') | upper | title }} {{ missing | default('d') }} {{ '' | default('e', true) }} {{ '3' | int + 1 }} {{ 3.7 | int }} {{ 3.14159 | round(2) }} {{ [3, 1, 2] | sort | reverse | list }} {{ ['a', 'b', 'a'] | unique | list }} {{ 'a\\nb' | indent(2) }} {{ '<a>' | e }} {{ messages | string | length }} {{ '%s-%s' | format('a', 'b') }} {{ [1, 2, 3] | sum }} {{ 'hello world' | wordcount }} {{ ' x ' | trim ~ '|' }} {{ messages[0] | items | list | length }} {{ 'a' | list }}""",
    "macros": """{%- macro turn(role, content, end='.') %}{{ role }}: {{ content }}{{ end }}
{% endmacro %}
{%- set block %}  in a block  {% endset %}
{%- for message in messages %}{{ turn(message.role, message.content) }}{{ turn(content='c', role='r', end='') | trim }}{% endfor %}
{%- macro boxed(title) %}[{{ title }}: {{ caller() }}]{% endmacro %}{% call boxed('t') %}inner{% endcall %}{% filter upper %}shout{% endfilter %}{{ block | trim }}{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{% raw %}{{ raw }}{% generation %}{% endraw %}{# {% generation %} #}""",
    "expressions": """{%- set a, b = 1, 'z' %}{{ a ~ b }} {% for x, y in [(1, 2), (3, 4)] %}{{ x * y }}{{ loop.changed(y) }}{% endfor %} {{ messages.0.role }} {{ "\\u00e9\\x41\\n" }} {{ range(1, 10, 3) | list }} {% for i in range(messages | length) %}{{ i }}{% endfor %} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ 'a' if a == 2 else 'b' if b == 'z' else 'c' }} {{ not a == 2 }} {{ 'x' not in 'cat' }} {{ (a ~ b) | upper }} {{ 'abc'[::-1] }}{{ 'abc' | first }}{{ 'abc' | last }}{{ 'abc' | reverse }} {{ 0.1 + 0.2 }} {{ 1e3 }} {{ '1.5' | float }} {{ 'x' | int(default=7) }} {{ [1, 2] == [1, 2] }} {{ {'a': 1} == {'a': 1} }} {{ messages is not string }} {{ b is in ['z'] }} {{ 1.5 | string + 'a' }} {{ [[1, 'a'], [2, 'b']] | map(attribute=1) | join }} {{ ['b', 'A'] | sort }} {{ [' x '] | map('trim') | list }} {{ messages | groupby('role') | map('first') | list }} {{ messages | map(attribute='role') | unique | list }} {{ messages | selectattr('name', 'defined') | list }} {{ messages | selectattr('content') | list | length }} {{ [1, 2, 3] | batch(2) | list }} {{ [1, 5, 3] | max }} {{ '<p>a</p>' | safe }} {{ a is number and b is string and not (a is boolean) }} {{ none | default('d') }} {{ 'x' is lower }} {% if messages[0]['missing'] %}{% elif messages[0].content is not none and messages[0].content != '' %}elif{% endif %} {{ true and 'kept' }} {{ '' or 'other' }} {{ [] or none }} {{ -a }} {{ 7 % -3 }} {{ -7 // 2 }} {{ 10000000000 * 10000000000 }} {{ 'é' | length }} {{ "it's" }} {{ ['it\\'s'] }} {{ [1.0, -0.5] }}""",
    "recursion": """{%- for item in [{'n': 1, 'c': [{'n': 2}]}] recursive %}{{ item.n }}{{ loop.depth }}{% if item.c %}{{ loop(item.c) }}{% endif %}{% endfor %}
{%- macro nested(items) %}{% for item in items %}{{ item }}{% if not loop.last %}, {% endif %}{% endfor %}{% endmacro %}{{ nested(messages | map(attribute='role')) }}
{%- set counter = namespace(value=0) %}{% for message in messages if message.role != 'system' %}{% set counter.value = counter.value + loop.index %}{{ loop.first }}{{ loop.last }}{% else %}empty{% endfor %}{{ counter.value }}
{%- set outer = 'outer' %}{% for message in messages %}{% set outer = 'inner' %}{% endfor %}{{ outer }}{% if true %}{% set outer = 'if' %}{% endif %}{{ outer }}""",
    "raise_exception": "{% if messages | length > 1 %}{{ raise_exception('Only ' ~ 1 ~ \" message's allowed!\") }}{% endif %}{{ messages[0].content }}",
}

FAMILIES = {
    "llama2": """{%- if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}
{%- for message in loop_messages %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}
{%- if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}
{%- if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}
{%- endfor %}""",
    "llama3": """{{- bos_token }}
{%- if not date_string is defined %}{% if strftime_now is defined %}{% set date_string = strftime_now("%d %b %Y") %}{% else %}{% set date_string = "26 Jul 2024" %}{% endif %}{% endif %}
{%- if not tools is defined %}{% set tools = none %}{% endif %}
{%- if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content']|trim %}{% set messages = messages[1:] %}{% else %}{% set system_message = "" %}{% endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}{{ "Environment: ipython\\n" }}{% endif %}
{{- "Today Date: " + date_string + "\\n\\n" + system_message + "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}{{ message.tool_calls[0].function | tojson }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}""",
    "mistral": """{%- if messages[0]["role"] == "system" %}{% set system_message = messages[0]["content"] %}{% set loop_messages = messages[1:] %}{% else %}{% set loop_messages = messages %}{% endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}{% if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}{% if (message["role"] == "user") != (ns.index % 2 == 0) %}{{ raise_exception("roles must alternate") }}{% endif %}{% set ns.index = ns.index + 1 %}{% endif %}{% endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}{{ "[AVAILABLE_TOOLS] " ~ (tools | tojson) ~ "[/AVAILABLE_TOOLS]" }}{% endif %}
        {%- if loop.last and system_message is defined %}{{ "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}{% else %}{{ "[INST] " + message["content"] + "[/INST]" }}{% endif %}
    {%- elif message["role"] == "assistant" %}{{ " " + message["content"]|trim + eos_token }}
    {%- endif %}
{%- endfor %}""",
    "gemma": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}""",
    "qwen3": """{%- if tools %}{{ '<tools>' }}{% for tool in tools %}{{ tool | tojson }}{% endfor %}{{ '</tools>' }}{% elif messages[0].role == 'system' %}{{ '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}{% endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{% set ns.multi_step_tool = false %}{% set ns.last_query_index = index %}{% endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{% set content = message.content %}{% else %}{% set content = '' %}{% endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}{{ '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}{% set reasoning_content = message.reasoning_content %}{% elif '</think>' in content %}{% set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{% set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning_content)) %}{{ '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}{% else %}{{ '<|im_start|>' + message.role + '\\n' + content }}{% endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}""",
    "phi3": """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}""",
    "smollm3": """{%- if enable_thinking is not defined %}{% set enable_thinking = true %}{% endif %}
{%- set reasoning_mode = "/think" if enable_thinking else "/no_think" %}
{%- if messages[0].role == "system" %}{% set system_message = messages[0].content.rstrip() %}{% endif %}
{{- "<|im_start|>system\\n## Metadata\\nToday Date: " ~ strftime_now("%d %B %Y") ~ "\\nReasoning Mode: " + reasoning_mode ~ "\\n" ~ system_message ~ "<|im_end|>\\n" }}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else "" %}
    {%- if message.role == "user" %}{{ "<|im_start|>" + message.role + "\\n" + content + "<|im_end|>\\n" }}
    {%- elif message.role == "assistant" %}
        {% generation %}
        {%- if reasoning_mode == "/think" %}{{ "<|im_start|>assistant\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}{% else %}{{ "<|im_start|>assistant\\n<think>\\n\\n</think>\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}{% endif %}
        {% endgeneration %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ "<|im_start|>assistant\\n" }}{% endif %}""",
    "deepseek": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, system_prompt='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<|User|>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<|Assistant|>' + content + eos_token}}{%- endif %}{%- endfor -%}{% if add_generation_prompt and not ns.is_tool %}{{'<|Assistant|><think>\\n'}}{% endif %}""",
}

FEATURE_CONVERSATIONS = [
    [("user", "Hi <b>there</b>, Größe & 'you'!")],
    [("system", "Be brief."), ("user", "Hello\n"), ("assistant", "<think>\nhm\n</think>\n\nyes 👍"), ("user", "and?"), ("assistant", " 100 % sure")],
]
