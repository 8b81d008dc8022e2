"""`sluice decode` over recordings of real traffic, where they are at hand.

$SLUICE_RECORDINGS, or the folder shared/recordings beside the source tree; without it these tests skip, and say so."""

import json
import os
import pathlib
import unittest

import cli

RECORDINGS = pathlib.Path(os.environ.get("SLUICE_RECORDINGS") or
                          pathlib.Path(cli.SOURCE_DIR) / ".." / "shared" / "recordings")

STOP_REASONS = {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
                "content_filter": "content_filter"}
KINDS = {"auth": "ProviderAuthFailed", "permission": "ProviderAuthFailed", "not_found": "ModelNotFound",
         "context_length": "ContextLengthExceeded", "quota_exhausted": "QuotaExhausted", "rate_limit": "RateLimited",
         "rate_limit_request_too_big": "RateLimited", "rate_limit_daily": "QuotaExhausted",
         "overloaded": "ProviderOverloaded", "server_error": "ProviderUnavailable", "timeout": "ProviderTimeout",
         "content_policy": "ContentFiltered", "payload_too_large": "ProviderBadRequest",
         "bad_request": "ProviderBadRequest"}
CHAT_PROVIDERS = ("azure", "cerebras", "deepseek", "groq", "mistral", "openai", "openrouter", "perplexity", "xai", "zai")


def chat_tokens(usage):
    """All generated tokens: xAI alone counts reasoning beside the completion, which its total gives away."""
    completion = usage["completion_tokens"]
    reasoning = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    apart = reasoning and usage.get("total_tokens") == usage["prompt_tokens"] + completion + reasoning
    return usage["prompt_tokens"], completion + reasoning if apart else completion


def anthropic_tokens(usage):
    cached = (usage.get("cache_creation_input_tokens") or 0) + (usage.get("cache_read_input_tokens") or 0)
    return usage["input_tokens"] + cached, usage["output_tokens"]


def gemini_tokens(usage):
    prompt = usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0)
    return prompt, usage["totalTokenCount"] - prompt


# By the recordings' word for a protocol: our dialect, and how to read its usage as (input, output).
PROTOCOLS = {"chat": ("openai_chat", chat_tokens),
             "responses": ("openai_responses", lambda usage: (usage["input_tokens"], usage["output_tokens"])),
             "anthropic": ("anthropic", anthropic_tokens),
             "gemini": ("gemini", gemini_tokens)}


def value_of(arguments):
    return arguments if isinstance(arguments, dict) else json.loads(arguments or "{}")


@unittest.skipUnless(RECORDINGS.is_dir(), f"no recordings in {RECORDINGS}")
class Recordings(unittest.TestCase):
    maxDiff = None

    def test_streams(self):
        files = sorted(RECORDINGS.glob("streams/*/*.sse"))
        self.assertGreater(len(files), 0)
        for file in files:
            want = json.loads(file.with_name(file.name[:-4] + ".expected.json").read_text())
            dialect, tokens = PROTOCOLS[want["protocol"]]
            with self.subTest(file.name):
                (got,) = cli.decode(file.read_bytes(), "--summary", dialect=dialect)
                self.check_stream(got, want, tokens)

    def check_stream(self, got, want, tokens):
        self.assertEqual((got["text"], got["reasoning"]), (want["text"], want["reasoning"]))
        self.assertEqual([(call["name"], value_of(call["arguments"])) for call in got["tool_calls"]],
                         [(call["name"], value_of(call["arguments"])) for call in want["tool_calls"]])
        if want["protocol"] != "gemini":  # whose calls have no ids: whoever reads them makes some
            self.assertEqual([call["id"] for call in got["tool_calls"]], [call["id"] for call in want["tool_calls"]])
        self.assertEqual(got["complete"], want["complete"])
        self.assertEqual(got["error"] is None, want["error_in_stream"] is None and want["complete"])
        if want["complete"] and want["protocol"] == "chat":
            # A refusal is content_filter, although the wire says "stop".
            self.assertEqual(got["stop_reason"], "content_filter" if got["refusal"] else STOP_REASONS[want["finish"]])
        elif want["complete"]:
            self.assertEqual(got["raw_stop_reason"], want["finish"])
        if want["usage_reported"] is not None:
            self.assertEqual((got["usage"]["input"], got["usage"]["output"]), tokens(want["usage_reported"]))

    def test_errors(self):
        checked = 0
        for provider in CHAT_PROVIDERS:
            for file in sorted((RECORDINGS / "errors" / provider).glob("*.json")):
                recording = json.loads(file.read_text())
                body = recording["body"]
                arguments = ["--status", str(recording["status"])]
                for name, value in recording["headers"].items():
                    arguments += ["--header", f"{name}: {value}"]
                with self.subTest(f"{provider}/{file.name}"):
                    got = cli.summary(body if isinstance(body, str) else json.dumps(body), *arguments)
                    self.assertEqual(got["error"]["kind"], KINDS[recording["expected"]["category"]])
                    self.assertEqual(got["error"]["status"], recording["status"])
                checked += 1
        self.assertGreater(checked, 0)


if __name__ == "__main__":
    unittest.main()
