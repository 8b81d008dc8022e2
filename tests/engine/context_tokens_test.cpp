// How near the estimate of tokens is, and what it counts.
#include <sluice/context.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

constexpr std::array<std::string_view, 5> kDialects{"openai_chat", "openai_responses", "anthropic", "gemini",
                                                    "of another kind"};

struct Sample {
    const char* what;
    const char* text;
    // What published tokenizers of the families make of it.
    Tokens openai;
    Tokens anthropic;  // an older one: the present one is not published and makes more of the same text
    Tokens gemini;
};

const Sample kSamples[] = {
    {"English",
     "The ferry leaves the harbour at seven in the morning and comes back when the tide "
     "allows it. Most people who live on the island work in the small factory behind the "
     "church, where fish is dried, packed and sent to the mainland. In winter the road "
     "along the cliffs is closed, so the children walk to school through the fields. "
     "Nobody complains about the walk, because the view over the bay is worth every step, "
     "and because the teacher never starts before everyone has arrived. Unfortunately the "
     "insurance company refused to reimburse the unforeseen reconstruction costs, "
     "notwithstanding the municipality's recommendation.",
     113, 115, 114},
    {"German",
     "Die Fähre verlässt den Hafen um sieben Uhr morgens und kommt zurück, wenn die Flut "
     "es erlaubt. Die meisten Leute auf der Insel arbeiten in der kleinen Fabrik hinter "
     "der Kirche, wo Fisch getrocknet, verpackt und auf das Festland geschickt wird. Im "
     "Winter ist die Straße an den Klippen gesperrt, deshalb gehen die Kinder über die "
     "Felder zur Schule. Die Versicherungsgesellschaft lehnte die Erstattung der "
     "unvorhergesehenen Wiederaufbaukosten ab.",
     100, 137, 95},
    {"French",
     "Le ferry quitte le port à sept heures du matin et revient quand la marée le permet. "
     "La plupart des habitants de l'île travaillent dans la petite usine derrière "
     "l'église, où le poisson est séché, emballé et envoyé sur le continent. En hiver, la "
     "route le long des falaises est fermée, alors les enfants vont à l'école à travers "
     "champs. La compagnie d'assurance a refusé de rembourser les frais de reconstruction "
     "imprévus.",
     95, 133, 95},
    {"Russian",
     "Паром уходит из гавани в семь часов утра и возвращается, когда позволяет прилив. "
     "Большинство жителей острова работают на маленькой фабрике за церковью, где рыбу "
     "сушат, упаковывают и отправляют на материк. Зимой дорога вдоль скал закрыта, "
     "поэтому дети ходят в школу через поля. Страховая компания отказалась возместить "
     "непредвиденные расходы на восстановление.",
     92, 185, 88},
    {"Greek",
     "Το φέρι φεύγει από το λιμάνι στις επτά το πρωί και επιστρέφει όταν το επιτρέπει η "
     "παλίρροια. Οι περισσότεροι άνθρωποι που ζουν στο νησί εργάζονται στο μικρό "
     "εργοστάσιο πίσω από την εκκλησία, όπου τα ψάρια αποξηραίνονται, συσκευάζονται και "
     "αποστέλλονται στην ηπειρωτική χώρα.",
     92, 295, 98},
    {"Hebrew",
     "המעבורת יוצאת מהנמל בשבע בבוקר וחוזרת כאשר הגאות מאפשרת זאת. רוב האנשים שגרים באי "
     "עובדים במפעל הקטן שמאחורי הכנסייה, שם מייבשים את הדגים, אורזים אותם ושולחים אותם "
     "ליבשת. בחורף הכביש לאורך המצוקים סגור, ולכן הילדים הולכים לבית הספר דרך השדות.",
     85, 208, 96},
    {"Arabic",
     "تغادر العبارة الميناء في الساعة السابعة صباحا وتعود عندما يسمح المد بذلك. يعمل معظم "
     "سكان الجزيرة في المصنع الصغير خلف الكنيسة حيث يجفف السمك ويعبأ ويرسل إلى البر "
     "الرئيسي. في الشتاء يكون الطريق على طول المنحدرات مغلقا لذلك يذهب الأطفال إلى "
     "المدرسة عبر الحقول.",
     70, 227, 78},
    {"Hindi",
     "नौका सुबह सात बजे बंदरगाह से निकलती है और ज्वार के अनुसार वापस आती है। द्वीप पर "
     "रहने वाले अधिकांश लोग चर्च के पीछे छोटे कारखाने में काम करते हैं, जहाँ मछली सुखाई "
     "जाती है, पैक की जाती है और मुख्य भूमि पर भेजी जाती है। सर्दियों में चट्टानों के "
     "किनारे की सड़क बंद रहती है, इसलिए बच्चे खेतों से होकर स्कूल जाते हैं।",
     93, 327, 118},
    {"Thai",
     "เรือข้ามฟากออกจากท่าเรือตอนเจ็ดโมงเช้าและกลับมาเมื่อน้ำขึ้นพอ "
     "คนส่วนใหญ่บนเกาะทำงานในโรงงานเล็ก ๆ หลังโบสถ์ ซึ่งปลาจะถูกตากแห้ง บรรจุ "
     "และส่งไปยังแผ่นดินใหญ่ ในฤดูหนาวถนนริมหน้าผาจะปิด เด็ก ๆ จึงเดินไปโรงเรียนผ่านทุ่งนา",
     99, 380, 87},
    {"Japanese",
     "フェリーは朝七時に港を出て、潮が許すときに戻ってきます。島に住むほとんどの人は教会の裏にある小さな工場"
     "で働いていて、そこで魚を干し、包装して本土に送ります。冬は"
     "崖沿いの道が閉鎖されるので、子供たちは畑を通って学校へ歩いて行きます。保険会社は予想外の再建費用の払い"
     "戻しを拒否しました。",
     119, 160, 85},
    {"Chinese",
     "渡轮早上七点离开港口，潮水合适的时候再回来。岛上大多数人在教堂后面的小工厂工作，鱼在那里晒干、包装，然"
     "后运往大陆。冬天悬崖边的路会封闭，所以孩子们穿过田野去上学"
     "。没有人抱怨走路，因为海湾的景色值得每一步，而且老师总是等大家到齐才开始上课。保险公司拒绝赔偿意外的重"
     "建费用。",
     109, 159, 87},
    {"Korean",
     "페리는 아침 일곱 시에 항구를 떠나 조수가 허락할 때 돌아옵니다. 섬에 사는 대부분의 사람들은 교회 뒤에 "
     "있는 작은 공장에서 일하며, 그곳에서 생선을 "
     "말리고 포장하여 본토로 보냅니다. 겨울에는 절벽을 따라 난 길이 폐쇄되어 아이들은 들판을 지나 학교에 "
     "갑니다. 보험 회사는 예상하지 못한 재건 비용의 "
     "환급을 거부했습니다.",
     103, 195, 120},
    {"emoji",
     "Great job 🎉🎉 see you at the beach 🏖️ tomorrow 😀😂🤣 bring the dog 🐕 and the "
     "family "
     "👨‍👩‍👧‍👦 👍🏽 ❤️ 🚀🔥✨ thanks 🙏🏾 🇩🇪 🇯🇵 ✅ ❌ ⚠️",
     66, 96, 52},
    {"JSON",
     "{\"order_id\":\"A-1042\",\"status\":\"shipped\","
     "\"items\":[{\"sku\":\"BOOK-77\",\"title\":\"The Long "
     "Road\",\"quantity\":2,\"unit_price\":14.5},{\"sku\":\"MUG-03\",\"title\":\"Blue "
     "mug\",\"quantity\":1,\"unit_price\":9.99}],\"customer\":{\"name\":\"Mira "
     "Olsen\",\"email\":\"mira@example.test\",\"address\":{\"street\":\"12 Harbour "
     "Lane\",\"city\":\"Bergen\",\"postal_code\":\"500"
     "3\",\"country\":\"NO\"}},\"created_at\":\"2026-0"
     "3-14T09:26:53Z\",\"total\":38.99,\"currency\""
     ":\"EUR\",\"tags\":[\"gift\",\"priority\"],\"notes\":null,\"paid\":true}",
     145, 151, 168},
    {"a JSON schema",
     "{\n"
     "  \"type\": \"object\",\n"
     "  \"properties\": {\n"
     "    \"order_id\": {\n"
     "      \"type\": \"string\",\n"
     "      \"description\": \"The order's number, as it stands in the confirmation "
     "mail.\"\n"
     "    },\n"
     "    \"include_history\": {\n"
     "      \"type\": \"boolean\",\n"
     "      \"description\": \"Whether all events of the order are wanted, not only the "
     "last.\"\n"
     "    },\n"
     "    \"limit\": {\n"
     "      \"type\": \"integer\",\n"
     "      \"minimum\": 1,\n"
     "      \"maximum\": 100\n"
     "    }\n"
     "  },\n"
     "  \"required\": [\"order_id\"],\n"
     "  \"additionalProperties\": false\n"
     "}",
     126, 126, 149},
    {"Python",
     "import asyncio\n"
     "from dataclasses import dataclass, field\n"
     "\n"
     "\n"
     "@dataclass\n"
     "class RetryPolicy:\n"
     "    \"\"\"How often, and how long between.\"\"\"\n"
     "\n"
     "    max_attempts: int = 3\n"
     "    base_delay: float = 0.5\n"
     "    errors: tuple[type[Exception], ...] = field(default=(TimeoutError, "
     "ConnectionError))\n"
     "\n"
     "\n"
     "async def with_retry(policy: RetryPolicy, call, *args, **kwargs):\n"
     "    for attempt in range(1, policy.max_attempts + 1):\n"
     "        try:\n"
     "            return await call(*args, **kwargs)\n"
     "        except policy.errors as error:\n"
     "            if attempt == policy.max_attempts:\n"
     "                raise\n"
     "            print(f\"attempt {attempt} failed: {error!r}\")\n"
     "            await asyncio.sleep(policy.base_delay * 2 ** (attempt - 1))",
     167, 173, 189},
    {"numbers",
     "2026-03-14 09:26:53.123 4471 0.8812 1,234,567.89 192.168.17.204 555-0142-7789 "
     "3.14159265358979 1000000 7 42 99 8080 0x7fff5fbff8c0 \n"
     "id,amount,ratio\n"
     "10231,4410.20,0.2211\n"
     "10232,118.00,0.0059\n"
     "10233,98712.75,4.9377",
     122, 106, 196},
};

double ratio(std::string_view text, std::string_view dialect, Tokens measured) {
    return static_cast<double>(estimate_tokens(text, dialect)) / static_cast<double>(measured);
}

Tokens message_of(Part part, std::string_view dialect) {
    return estimate_tokens(Message(Role::assistant, std::vector<Part>{std::move(part)}), dialect);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(context_tokens)

BOOST_AUTO_TEST_CASE(the_estimate_is_near_what_tokenizers_count) {
    for (const Sample& sample : kSamples) {
        BOOST_TEST_CONTEXT(sample.what) {
            BOOST_TEST(ratio(sample.text, "openai_chat", sample.openai) > 0.84);
            BOOST_TEST(ratio(sample.text, "openai_chat", sample.openai) < 1.16);
            BOOST_TEST(ratio(sample.text, "gemini", sample.gemini) > 0.84);
            BOOST_TEST(ratio(sample.text, "gemini", sample.gemini) < 1.16);
            BOOST_TEST(ratio(sample.text, "anthropic", sample.anthropic) > 0.80);
            BOOST_TEST(ratio(sample.text, "anthropic", sample.anthropic) < 1.35);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_cautious_measure_is_the_highest) {
    for (const Sample& sample : kSamples)
        for (const std::string_view dialect : kDialects)
            BOOST_TEST(estimate_tokens(sample.text, "") >= estimate_tokens(sample.text, dialect));
    BOOST_TEST(estimate_tokens("How many?", "") == estimate_tokens("How many?", "of another kind"));
}

BOOST_AUTO_TEST_CASE(known_texts_have_known_sizes) {
    const auto openai = [](std::string_view text) { return estimate_tokens(text, "openai_chat"); };
    BOOST_TEST(openai("") == 0U);
    BOOST_TEST(openai("a") == 1U);
    BOOST_TEST(openai("one two three") == 3U);
    BOOST_TEST(openai("maxTokens") == 2U);
    BOOST_TEST(openai("1234567") == 3U);
    BOOST_TEST(estimate_tokens("1234567", "gemini") == 7U);
    BOOST_TEST(openai("\n\n") == 1U);
    BOOST_TEST(openai("\xF0\x9F\x8E\x89") == 2U);
    BOOST_TEST(openai("\xFF\xFE\xC0") == 3U);  // no UTF-8: a token each
    BOOST_TEST(openai("\xE4\xB8") == 2U);      // cut within a character
}

BOOST_AUTO_TEST_CASE(any_bytes_are_counted_and_more_text_never_counts_less) {
    std::mt19937 random(6);
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        const std::size_t size = random() % 64;
        for (std::size_t i = 0; i < size; ++i)
            text += static_cast<char>(random() % (round % 2 == 0 ? 256 : 128));
        for (const std::string_view dialect : kDialects) {
            const Tokens all = estimate_tokens(text, dialect);
            BOOST_REQUIRE(all <= 6 * text.size());
            BOOST_REQUIRE(estimate_tokens(text, dialect) == all);
            BOOST_REQUIRE(estimate_tokens(text + " more", dialect) > all);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_message_counts_what_its_dialect_sends) {
    const std::string text(400, 'a');
    for (const std::string_view dialect : kDialects) {
        const Tokens empty = estimate_tokens(Message(Role::user, std::vector<Part>()), dialect);
        BOOST_TEST(empty > 0U);
        const Tokens said = estimate_tokens(text, dialect);
        BOOST_TEST(message_of(TextPart(text), dialect) == empty + said);
        BOOST_TEST(message_of(RefusalPart(text), dialect) == empty + said);
        BOOST_TEST(message_of(ToolCallPart("id", "f", text), dialect) > empty + said);
        BOOST_TEST(message_of(ToolResultPart("id", text), dialect) > empty + said);
    }
}

BOOST_AUTO_TEST_CASE(an_image_is_a_flat_figure_however_many_bytes_it_has) {
    const auto image = [](std::string_view dialect, std::string detail) {
        ImagePart part = ImagePart::from_base64("image/png", std::string(1 << 20, 'A'));
        part.detail = std::move(detail);
        return message_of(part, dialect) - message_of(TextPart(), dialect);
    };
    BOOST_TEST(image("openai_chat", "") == 765U);
    BOOST_TEST(image("openai_responses", "low") == 85U);
    BOOST_TEST(image("anthropic", "low") == 1600U);
    BOOST_TEST(image("gemini", "") == 1120U);
    BOOST_TEST(image("", "") == 1600U);

    ToolResultPart screenshot("id", "");
    const Tokens without = message_of(screenshot, "gemini");
    screenshot.images.push_back(ImagePart::from_url("https://example.test/a.png"));
    BOOST_TEST(message_of(screenshot, "gemini") == without + 1120U);
}

BOOST_AUTO_TEST_CASE(reasoning_counts_where_it_is_sent_back) {
    const std::string thought(600, 'x');
    const ReasoningPart signed_by_claude(thought, Signature("proof", "anthropic@anthropic"));
    const Tokens nothing = message_of(TextPart(), "anthropic");
    BOOST_TEST(message_of(signed_by_claude, "anthropic") > nothing);
    BOOST_TEST(message_of(signed_by_claude, "gemini") == message_of(TextPart(), "gemini"));
    BOOST_TEST(message_of(signed_by_claude, "") > message_of(TextPart(), ""));
    BOOST_TEST(message_of(ReasoningPart(thought), "anthropic") == nothing);

    ReasoningPart hidden("", Signature(std::string(1600, 'A'), "openai_responses@openai"));
    hidden.redacted = true;
    BOOST_TEST(message_of(hidden, "openai_responses") == message_of(TextPart(), "openai_responses") + 300U);
}

BOOST_AUTO_TEST_CASE(native_parts_count_in_their_own_dialect_and_files_in_them_are_no_text) {
    const NativePart block("anthropic", R"({"type":"search_result","title":"Ferries of the north"})");
    BOOST_TEST(message_of(block, "anthropic") > message_of(TextPart(), "anthropic") + 10);
    BOOST_TEST(message_of(block, "gemini") == message_of(TextPart(), "gemini"));

    const auto file = [](std::size_t bytes) {
        return message_of(NativePart("anthropic", R"({"type":"document","data":")" + std::string(bytes, 'A') +
                                                      R"(","title":"t"})"),
                          "anthropic");
    };
    BOOST_TEST(file(1000) == file(1'000'000));
    BOOST_TEST(file(1000) > 1600U);
    BOOST_TEST(file(1000) < 1700U);
    BOOST_TEST(message_of(NativePart("anthropic", std::string(1000, 'A')), "anthropic") ==
               message_of(TextPart(), "anthropic") + 1600U);
}

BOOST_AUTO_TEST_CASE(a_request_is_its_messages_and_what_is_beside_them) {
    Request request = Request().system("Be brief.").user("Where is my order?");
    for (const std::string_view dialect : kDialects) {
        Tokens messages = 0;
        for (const Message& message : request.messages())
            messages += estimate_tokens(message, dialect);
        BOOST_TEST(estimate_tokens(request, dialect) == messages + estimate_fixed_tokens(request, dialect));
        BOOST_TEST(estimate_fixed_tokens(request, dialect) > 0U);
    }
    const auto more = [&](auto change) {
        Request changed = request;
        change(changed);
        return estimate_tokens(changed, "anthropic") - estimate_tokens(request, "anthropic");
    };
    const auto one = [](Request& r) {
        r.tool(Tool("find_order", "Finds an order.", R"({"type":"object"})"));
    };
    const Tokens first = more(one);
    BOOST_TEST(first > 346U);  // what Claude is told about tools at all
    BOOST_TEST(more([&](Request& r) { one(r), one(r); }) < 2 * first);
    BOOST_TEST(more([](Request& r) { r.response_format(ResponseFormat("s", R"({"type":"object"})")); }) > 0U);
    BOOST_TEST(more([](Request& r) { r.native_tool("anthropic", R"({"type":"web_search"})"); }) > 0U);
    BOOST_TEST(more([](Request& r) { r.native_tool("gemini", R"({"googleSearch":{}})"); }) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
