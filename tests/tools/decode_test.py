"""`sluice decode` over bodies written by hand: every field of the summary, every kind of line."""

import gzip
import json
import unittest

import cli


def chunk(delta=None, finish=None, index=0, **fields):
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice], **fields}


def body(*frames, done=True):
    lines = [f"data: {json.dumps(frame)}\n\n" for frame in frames]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")


USAGE = {"id": "chatcmpl-1", "model": "m-1", "choices": [],
         "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 0},
                   "completion_tokens_details": {"reasoning_tokens": 1}}}
TEXT = body(chunk({"role": "assistant", "content": ""}), chunk({"content": "Ulaan"}), chunk({"content": "baatar"}),
            chunk(finish="stop"), USAGE)

NOTHING = {"text": "", "reasoning": "", "refusal": "", "tool_calls": [], "stop_reason": "error", "raw_stop_reason": None,
           "usage": None, "error": None, "complete": False, "model": None, "response_id": None}


class Summary(unittest.TestCase):
    maxDiff = None

    def test_text(self):
        self.assertEqual(cli.summary(TEXT), {
            **NOTHING, "text": "Ulaanbaatar", "stop_reason": "stop", "raw_stop_reason": "stop", "complete": True,
            "usage": {"input": 9, "cached_input": 0, "cache_write": None, "output": 4, "reasoning": 1},
            "model": "m-1", "response_id": "chatcmpl-1"})

    def test_fields_come_in_the_documented_order(self):
        self.assertEqual(list(cli.summary(TEXT)), list(NOTHING))

    def test_no_usage_is_null_and_not_zero(self):
        self.assertIsNone(cli.summary(body(chunk({"content": "x"}, "stop")))["usage"])

    def test_reasoning_and_refusal_stand_apart(self):
        got = cli.summary(body(chunk({"reasoning_content": "Hm."}), chunk({"refusal": "I can"}), chunk({"refusal": "not."}),
                               chunk(finish="stop")))
        self.assertEqual((got["text"], got["reasoning"], got["refusal"]), ("", "Hm.", "I cannot."))

    def test_parallel_tool_calls_with_arguments_in_pieces(self):
        def call(index, **fields):
            return chunk({"tool_calls": [{"index": index, **fields}]})
        got = cli.summary(body(
            call(0, id="a", type="function", function={"name": "weather", "arguments": ""}),
            call(0, function={"arguments": '{"ci'}),
            call(1, id="b", type="function", function={"name": "time", "arguments": "{}"}),
            call(0, function={"arguments": 'ty":"\\u00dc"}'}),
            chunk(finish="tool_calls")))
        self.assertEqual(got["tool_calls"], [{"id": "a", "name": "weather", "arguments": '{"city":"\\u00dc"}'},
                                             {"id": "b", "name": "time", "arguments": "{}"}])
        self.assertEqual(got["stop_reason"], "tool_calls")

    def test_of_several_choices_the_first(self):
        got = cli.summary(body(chunk({"content": "one"}), chunk({"content": "two"}, index=1), chunk(finish="length"),
                               chunk(finish="stop", index=1)))
        self.assertEqual((got["text"], got["stop_reason"], got["complete"]), ("one", "length", True))

    def test_an_error_in_the_stream_wins_over_what_follows(self):
        error = {"error": {"message": "It broke.", "type": "server_error", "param": None, "code": None}}
        zero = {**USAGE, "usage": {"prompt_tokens": 0, "completion_tokens": 0}}
        got = cli.summary(body(chunk({"content": "Ulaan"}), error, zero))
        self.assertEqual((got["text"], got["complete"], got["usage"]), ("Ulaan", False, None))
        self.assertEqual((got["stop_reason"], got["raw_stop_reason"]), ("error", None))
        self.assertEqual((got["error"]["kind"], got["error"]["message"]), ("ProviderUnavailable", "It broke."))

    def test_a_cut_body_is_truncated_wherever_it_is_cut(self):
        self.assertTrue(cli.summary(TEXT)["complete"])
        finish_at = TEXT.index('"finish_reason": "stop"')
        for cut in (0, 1, 10, TEXT.index("Ulaan"), TEXT.index("baatar") + 3, finish_at):
            with self.subTest(cut=cut):
                got = cli.summary(TEXT[:cut])
                self.assertEqual((got["error"]["kind"], got["complete"]), ("StreamTruncated", False))

    def test_a_gzip_body(self):
        packed = gzip.compress(TEXT.encode())
        want = cli.summary(TEXT)
        self.assertEqual(cli.summary(packed, "--header", "Content-Encoding: gzip"), want)
        # A recorder that unpacked the body and kept the header.
        self.assertEqual(cli.summary(TEXT, "--header", "content-encoding: gzip"), want)
        cut = cli.summary(packed[:-12], "--header", "content-encoding: gzip")
        self.assertEqual((cut["complete"], cut["error"] is not None), (False, True))

    def test_a_whole_answer_as_one_object(self):
        whole = {"id": "chatcmpl-2", "model": "m-2", "usage": {"prompt_tokens": 1, "completion_tokens": 2},
                 "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}
        got = cli.summary(json.dumps(whole), "--header", "content-type: application/json; charset=utf-8")
        self.assertEqual((got["text"], got["stop_reason"], got["response_id"], got["complete"]),
                         ("Hi", "stop", "chatcmpl-2", True))

    def test_an_error_in_a_200_that_is_no_stream(self):
        got = cli.summary('{"error":{"message":"Overloaded","type":"overloaded_error"}}',
                          "--header", "content-type: application/json")
        self.assertEqual((got["error"]["kind"], got["complete"]), ("ProviderOverloaded", False))

    def test_invalid_utf8_comes_out_as_valid_json(self):
        got = cli.summary(b'data: {"choices":[{"index":0,"delta":{"content":"a\xffb"},"finish_reason":"stop"}]}\n\n'
                          b'data: [DONE]\n\n')
        self.assertTrue(got["complete"] or got["error"])


def named_frames(*events):
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


class Dialects(unittest.TestCase):
    """One answer with reasoning, text and a tool call, as each dialect writes it: the same summary."""

    maxDiff = None
    ARGUMENTS = '{"city":"Oslo"}'
    RESPONSE = {"id": "id-1", "object": "response", "model": "m-1", "status": "completed", "usage": {
        "input_tokens": 9, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 2},
        "output_tokens_details": {"reasoning_tokens": 1}, "total_tokens": 13}}
    CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather"}
    BODIES = {
        "openai_chat": body(
            chunk({"reasoning_content": "Hm."}), chunk({"content": "Let me "}), chunk({"content": "look."}),
            chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                                   "function": {"name": "weather", "arguments": ARGUMENTS}}]}),
            chunk(finish="tool_calls"), USAGE),
        "openai_responses": named_frames(
            {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "usage": None}},
            {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "rs_1"}},
            {"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0, "summary_index": 0,
             "delta": "Hm."},
            {"type": "response.output_item.done", "output_index": 0, "item": {"type": "reasoning", "id": "rs_1"}},
            {"type": "response.output_item.added", "output_index": 1, "item": {"type": "message", "id": "msg_1"}},
            {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "content_index": 0, "delta": "Let me "},
            {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "content_index": 0, "delta": "look."},
            {"type": "response.output_item.added", "output_index": 2, "item": {**CALL, "arguments": ""}},
            {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 2, "delta": ARGUMENTS},
            {"type": "response.output_item.done", "output_index": 2, "item": {**CALL, "arguments": ARGUMENTS}},
            {"type": "response.completed", "response": {**RESPONSE, "output": [{**CALL, "arguments": ARGUMENTS}]}}),
        "anthropic": named_frames(
            {"type": "message_start", "message": {"id": "id-1", "type": "message", "role": "assistant", "model": "m-1", "content": [],
                                                  "usage": {"input_tokens": 7, "cache_read_input_tokens": 2, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
            {"type": "ping"},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Let me "}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "look."}},
            {"type": "content_block_stop", "index": 1},
            {"type": "content_block_start", "index": 2,
             "content_block": {"type": "tool_use", "id": "call_1", "name": "weather", "input": {}}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ARGUMENTS}},
            {"type": "content_block_stop", "index": 2},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None},
             "usage": {"output_tokens": 4}},
            {"type": "message_stop"}),
        "gemini": "".join(f"data: {json.dumps({**fields, 'modelVersion': 'm-1', 'responseId': 'id-1'})}\r\n\r\n" for fields in (
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hm.", "thought": True}]}, "index": 0}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Let me "}]}, "index": 0}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "look."}, {"functionCall": {
                "id": "call_1", "name": "weather", "args": {"city": "Oslo"}}}]}, "finishReason": "STOP", "index": 0}],
             "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 2, "candidatesTokenCount": 3,
                               "thoughtsTokenCount": 1, "totalTokenCount": 13}})),
    }

    def test_the_summary_is_the_same(self):
        raw = {"openai_chat": "tool_calls", "openai_responses": "completed", "anthropic": "tool_use", "gemini": "STOP"}
        for dialect, text in self.BODIES.items():
            with self.subTest(dialect):
                got = cli.summary(text, dialect=dialect)
                self.assertEqual(list(got), list(NOTHING))
                self.assertEqual((got["text"], got["reasoning"], got["refusal"]), ("Let me look.", "Hm.", ""))
                self.assertEqual([(call["id"], call["name"], json.loads(call["arguments"])) for call in got["tool_calls"]],
                                 [("call_1", "weather", {"city": "Oslo"})])
                self.assertEqual((got["stop_reason"], got["raw_stop_reason"]), ("tool_calls", raw[dialect]))
                self.assertEqual((got["usage"]["input"], got["usage"]["output"]), (9, 4))
                self.assertEqual((got["model"], got["complete"], got["error"]), ("m-1", True, None))

    def test_a_cut_body_is_truncated(self):
        for dialect, text in self.BODIES.items():
            with self.subTest(dialect):
                got = cli.summary(text[:text.index("look.")], dialect=dialect)
                self.assertEqual((got["error"]["kind"], got["complete"]), ("StreamTruncated", False))

    def test_http_errors(self):
        bodies = {"openai_responses": '{"error":{"message":"Slow.","type":"requests","code":"rate_limit_exceeded"}}',
                  "anthropic": '{"type":"error","error":{"type":"rate_limit_error","message":"Slow."},"request_id":"req_1"}',
                  "gemini": '[{"error":{"code":429,"message":"Slow.","status":"RESOURCE_EXHAUSTED"}}]'}
        for dialect, text in bodies.items():
            with self.subTest(dialect):
                got = cli.summary(text, "--status", "429", dialect=dialect)
                self.assertEqual({**got, "error": None}, NOTHING)
                self.assertEqual((got["error"]["kind"], got["error"]["message"]), ("RateLimited", "Slow."))

    def test_geminis_answer_as_one_array(self):
        whole = json.dumps([{"candidates": [{"content": {"parts": [{"text": "Ulaan"}]}}], "modelVersion": "m-1"},
                            {"candidates": [{"content": {"parts": [{"text": "baatar"}]}, "finishReason": "STOP"}]}])
        got = cli.summary(whole, "--header", "content-type: application/json", dialect="gemini")
        self.assertEqual((got["text"], got["stop_reason"], got["complete"]), ("Ulaanbaatar", "stop", True))


class HttpErrors(unittest.TestCase):
    def error(self, status, text, *headers):
        arguments = [argument for header in headers for argument in ("--header", header)]
        got = cli.summary(text, "--status", str(status), *arguments)
        self.assertEqual({**got, "error": None}, NOTHING)
        return got["error"]

    def test_401_without_the_key_it_quotes(self):
        key = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
        error = self.error(401, json.dumps({"error": {"message": f"Incorrect API key provided: {key}.",
                                                      "type": "invalid_request_error", "code": "invalid_api_key"}}))
        self.assertEqual((error["kind"], error["status"], error["code"]), ("ProviderAuthFailed", 401, "invalid_api_key"))
        self.assertIn("Incorrect API key", error["message"])
        self.assertNotIn(key[8:], error["message"])

    def test_429_with_every_field(self):
        error = self.error(429, '{"error":{"message":"Slow down.","type":"requests","code":"rate_limit_exceeded"}}',
                           "Retry-After: 7", "content-type: application/json")
        self.assertEqual(error, {"kind": "RateLimited", "message": "Slow down.", "status": 429,
                                 "code": "rate_limit_exceeded", "retry_after_ms": 7000})

    def test_429_for_money(self):
        error = self.error(429, '{"error":{"message":"No money.","type":"insufficient_quota","code":"insufficient_quota"}}')
        self.assertEqual((error["kind"], error["retry_after_ms"]), ("QuotaExhausted", None))

    def test_context_length(self):
        error = self.error(400, '{"error":{"message":"This model\'s maximum context length is 10 tokens. However, your '
                                'messages resulted in 11 tokens.","code":"context_length_exceeded"}}')
        self.assertEqual(error["kind"], "ContextLengthExceeded")

    def test_bodies_that_are_no_json(self):
        for text in ("", "<html><h1>502 Bad Gateway</h1></html>", '{"error":{"mess', "\x00\x01\x02"):
            with self.subTest(text=text):
                error = self.error(502, text)
                self.assertEqual((error["kind"], error["status"], error["code"]), ("ProviderUnavailable", 502, None))
                self.assertNotEqual(error["message"], "")

    def test_a_gzip_body(self):
        packed = gzip.compress(b'{"error":{"message":"Busy","code":"server_is_overloaded"}}')
        error = self.error(503, packed, "content-encoding: gzip")
        self.assertEqual((error["kind"], error["message"]), ("ProviderOverloaded", "Busy"))


class Events(unittest.TestCase):
    maxDiff = None

    def test_lines_of_a_text_answer(self):
        lines = cli.decode(TEXT)
        self.assertEqual([line for line in lines if line.get("text") != ""], [
            {"event": "text_delta", "choice": 0, "text": "Ulaan"},
            {"event": "text_delta", "choice": 0, "text": "baatar"},
            {"event": "finish", "reason": "stop", "raw_reason": "stop",
             "usage": {"input": 9, "cached_input": 0, "cache_write": None, "output": 4, "reasoning": 1}}])

    def test_lines_of_a_tool_call(self):
        lines = cli.decode(body(
            chunk({"tool_calls": [{"index": 0, "id": "a", "type": "function",
                                   "function": {"name": "f", "arguments": '{"x":'}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
            chunk(finish="tool_calls")))
        self.assertEqual(lines, [
            {"event": "tool_call_start", "choice": 0, "index": 0, "id": "a", "name": "f"},
            {"event": "tool_call_delta", "choice": 0, "index": 0, "arguments": '{"x":'},
            {"event": "tool_call_delta", "choice": 0, "index": 0, "arguments": "1}"},
            {"event": "tool_call_end", "choice": 0, "index": 0, "arguments_are_json": True},
            {"event": "finish", "reason": "tool_calls", "raw_reason": "tool_calls", "usage": None}])

    def test_the_last_line_of_a_failure(self):
        last = cli.decode(body(chunk({"content": "Ulaan"}), done=False))[-1]
        self.assertEqual((last["event"], last["error"]["kind"]), ("failure", "StreamTruncated"))

    def test_exactly_one_terminal_event_for_any_garbage(self):
        garbage = {"nothing": b"", "zeros": bytes(300_000), "no frames": b"x" * 300_000, "lines": b"x\n" * 100_000,
                   "html": b"<html>no</html>", "bytes": bytes(range(256)) * 2000, "done only": b"data: [DONE]\n\n",
                   "broken": b"data: {\n\n", "array": b"data: []\n\n", "null": b"data: null\n\n",
                   "deep": b"data: " + b"[" * 100_000 + b"\n\n"}
        for name, bytes_ in garbage.items():
            with self.subTest(name):
                lines = cli.decode(bytes_)
                self.assertEqual([line["event"] in ("finish", "failure") for line in lines],
                                 [False] * (len(lines) - 1) + [True])

    def test_an_event_larger_than_the_limit(self):
        last = cli.decode(b"data: " + b"x" * (6 << 20))[-1]
        self.assertEqual(last["error"]["kind"], "ProviderUnavailable")


class Frames(unittest.TestCase):
    CASES = {
        "one": ("data: a\n\n", [("message", "a", "")]),
        "any line end": ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", [("message", t, "") for t in "abc"]),
        "joined lines": ("data: a\ndata:b\ndata\n\n", [("message", "a\nb\n", "")]),
        "event and id": ("event: x\nid: 1\ndata: a\n\ndata: b\n\n", [("x", "a", "1"), ("message", "b", "1")]),
        "no data, no frame": ("event: x\n\nid: 2\n\ndata: a\n\n", [("message", "a", "2")]),
        "comments and unknown fields": (": hello\nerror: x\nfoo\ndata: a\n\n", [("message", "a", "")]),
        "the unfinished block is discarded": ("data: a\n\ndata: b\n", [("message", "a", "")]),
        "a byte order mark": ("\ufeffdata: a\n\n", [("message", "a", "")]),
        "not a line end": ("data: a\u2028b\x0bc\n\n", [("message", "a\u2028b\x0bc", "")]),
        "empty": ("", []),
    }

    def test_frames(self):
        for name, (text, want) in self.CASES.items():
            with self.subTest(name):
                frames = cli.decode(text, dialect="sse")
                self.assertEqual([(frame["event"], frame["data"], frame["id"]) for frame in frames], want)

    def test_a_gzip_body(self):
        self.assertEqual(cli.decode(gzip.compress(b"data: a\n\n"), "--header", "content-encoding: gzip", dialect="sse"),
                         [{"event": "message", "data": "a", "id": ""}])

    def test_a_frame_larger_than_the_limit(self):
        (only,) = cli.decode(b"data: " + b"x" * (9 << 20), dialect="sse")
        self.assertEqual((only["event"], only["error"]["kind"]), ("failure", "ProviderUnavailable"))

    def test_invalid_utf8_is_replaced(self):
        self.assertEqual(cli.decode(b"data: a\xffb\xe2\x82\n\n", dialect="sse"),
                         [{"event": "message", "data": "a\ufffdb\ufffd", "id": ""}])


if __name__ == "__main__":
    unittest.main()
