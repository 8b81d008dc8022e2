// Goals: progress, drift and loops, on conversations as people have them.
#include <sluice/goal.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;

namespace {

struct Turn {
    const char* user;
    const char* answer;
};

const Turn kJapan[] = {
    {"Help me plan a week in Japan in April: flights from Berlin, hotels in Tokyo and Kyoto, and a budget.",
     "A week in Japan in April works well, it is cherry blossom season. I would spend four nights in Tokyo "
     "and "
     "three in Kyoto. Flights from Berlin to Tokyo take about fourteen hours with one stop."},
    {"Which airlines should I look at?",
     "From Berlin, Finnair over Helsinki and Lufthansa over Munich fly to Tokyo Haneda. Flights in April "
     "cost "
     "between 800 and 1100 euros when you book early."},
    {"And where should we stay in Tokyo?",
     "Shinjuku and Asakusa are good areas for a first stay in Tokyo. Shinjuku has many hotels near the "
     "station, "
     "Asakusa is quieter and cheaper, with rooms from 90 euros a night."},
    {"Is the rail pass worth it?",
     "For Tokyo to Kyoto and back the rail pass costs more than two single tickets on the Shinkansen. Buy "
     "single "
     "tickets, unless you travel on to Hiroshima."},
    {"How much will all of that be for two people?",
     "A budget for two people: flights 2000 euros, hotels in Tokyo and Kyoto 1300 euros, trains 500 euros, "
     "food "
     "and entries 900 euros."},
};

const Turn kCake[] = {
    {"By the way, how do I bake a chocolate cake?",
     "Melt 200 grams of chocolate with butter, whisk eggs and sugar until pale, fold in flour and cocoa, and "
     "bake "
     "the batter for 35 minutes at 180 degrees."},
    {"Can I replace the butter with oil?",
     "Yes. Use three quarters of the amount, a neutral oil such as sunflower, and a spoon of yoghurt so that "
     "the "
     "cake does not get too dense."},
};

const Turn kBack[] = {
    {"Back to the trip: which temples in Kyoto must we visit?",
     "In Kyoto visit Kiyomizu-dera early in the morning, Fushimi Inari in the evening, and Ginkaku-ji with "
     "the "
     "Philosopher's Path, where the cherry trees blossom in April."},
    {"Book the hotel there for three nights.",
     "I reserved a hotel room near Kyoto station for three nights in April, 120 euros a night."},
};

const Turn kBug[] = {
    {"My Python service leaks memory. Find the leak in the worker pool and fix it.",
     "Let us begin with where the memory goes. Run the service with tracemalloc and take two snapshots of "
     "the worker "
     "pool, one after start and one after an hour."},
    {"Here is the diff: 40 MB more in dict objects allocated in cache.py line 31.",
     "Line 31 of cache.py stores every result in a dict that is never emptied. Each worker keeps its own "
     "cache, so "
     "the memory grows with every request."},
    {"So we need an eviction policy?",
     "Yes, bound the cache. functools.lru_cache with maxsize=1024 evicts the least recently used results; "
     "the dict "
     "goes away."},
    {"What size would you pick?",
     "A result takes about 6 KB, so 1024 entries in each of eight workers are 48 MB. That bounds the cache "
     "and leaves "
     "room."},
    {"Done. How do I make sure it does not come back?",
     "Add a test that runs the worker on 5000 distinct requests and asserts that the cache holds at most "
     "1024 "
     "results, and alert on the memory of the pool."},
};

const Turn kPoem[] = {
    {"Write a poem about the sea for my grandmother's birthday.",
     "The waves arrive in silver rows, the gulls above them cry, and grandmother, who loves the shore, looks "
     "out "
     "where sails go by. Her birthday candles, like the stars, are lights upon the foam."},
    {"Make it funnier, and mention her parrot.",
     "Her parrot screams at passing gulls and steals the birthday cream; the sea applauds, grandmother "
     "laughs, the "
     "candles hiss and steam."},
};

const Turn kGerman[] = {
    {"Hilf mir, eine Wohnung in Hamburg zu finden, höchstens 1200 Euro Miete, mit Balkon.",
     "Für eine Wohnung mit Balkon bis 1200 Euro Miete kommen in Hamburg vor allem Barmbek, Wandsbek und "
     "Harburg in "
     "Frage."},
    {"Wie schreibe ich eine gute Bewerbung an den Vermieter?",
     "Stell dich dem Vermieter kurz vor, nenne Beruf und Einkommen, und lege Schufa und Gehaltsnachweise "
     "bei. Schreib, "
     "warum dir die Wohnung gefällt."},
    {"Und was muss ich bei der Besichtigung beachten?",
     "Achte bei der Besichtigung der Wohnung auf Schimmel, Fenster und Heizung, frag nach Nebenkosten zur "
     "Miete und "
     "nach dem Balkon."},
};

const Turn kGermanAway[] = {
    {"Welche Mannschaft gewinnt dieses Jahr die Bundesliga?",
     "Bayern München gilt als Favorit, aber Leverkusen und Dortmund spielen eine starke Saison und haben "
     "weniger "
     "Verletzte."},
    {"Wer schießt die meisten Tore?",
     "Der Stürmer der Bayern führt die Torschützenliste mit 24 Treffern an, vor dem Angreifer aus "
     "Frankfurt."},
};

const Turn kJapanese[] = {
    {"京都旅行の計画を立ててください。寺院と旅館を知りたいです。",
     "京都旅行では清水寺と金閣寺がおすすめの寺院です。旅館は祇園の近くが便利です。"},
    {"旅館の値段はいくらですか？",
     "祇園の旅館は一泊二万円ほどです。京都駅の近くの旅館なら一万五千円からあります。"},
};

const Turn kJapaneseAway[] = {
    {"新しいパソコンの選び方を教えて",
     "画面の大きさ、記憶容量、電池の持ちを比べてください。開発用なら処理速度が大切です。"},
    {"安い機種は？", "学生向けの機種なら八万円ほどで、画面は十四型です。"},
};

const Turn kOrder[] = {
    {"Where is my order #10442?",
     "Order 10442 left our warehouse in Leipzig on Monday and is with DHL. It should arrive on Thursday."},
    {"It still has not arrived.",
     "I am sorry. DHL reports a failed delivery for order 10442: nobody was at the door. They will try again "
     "tomorrow."},
    {"Then I want my money back.",
     "I can refund order 10442, 59.90 euros, as soon as the parcel is back in our warehouse. Shall I tell "
     "DHL to return "
     "it?"},
    {"Yes please.", "Done: DHL returns the parcel, and the refund of 59.90 euros follows within five days."},
};

const Turn kDatabase[] = {
    {"Our PostgreSQL query over the orders table takes nine seconds. Make it faster without changing the "
     "schema.",
     "Please show me the plan: run EXPLAIN (ANALYZE, BUFFERS) on the query and paste what PostgreSQL "
     "prints."},
    {"Seq Scan on orders, 41 million rows, filter on customer_id and created_at.",
     "A sequential scan reads all 41 million rows of the table. An index on (customer_id, created_at) lets "
     "the query read "
     "only the rows it needs; an index does not change the schema in the sense of your columns."},
    {"Will building it lock writes?",
     "CREATE INDEX CONCURRENTLY does not block writes, it only takes longer and cannot run inside a "
     "transaction."},
    {"Now it takes 40 ms but the sort spills to disk.",
     "Put created_at DESC into the index, then rows come out sorted and PostgreSQL needs no sort; otherwise "
     "raise work_mem "
     "for this query."},
};

const Turn kFrench[] = {
    {"Aide-moi à préparer un entretien d'embauche pour un poste d'infirmière à Lyon.",
     "Pour un entretien d'infirmière, prépare ton parcours, tes stages et deux situations difficiles avec "
     "des patients. "
     "Renseigne-toi sur l'hôpital de Lyon qui propose le poste."},
    {"Quelles questions posent-ils le plus souvent ?",
     "On demande souvent pourquoi tu as choisi ce poste, comment tu gères le stress avec les patients, et "
     "comment tu "
     "travailles en équipe à l'hôpital."},
    {"Comment parler de mon salaire ?",
     "Attends la fin de l'entretien, puis cite la grille de la fonction publique hospitalière et ton "
     "expérience "
     "d'infirmière."},
};

// The drift after each turn.
template <std::size_t N>
std::vector<double> run(GoalTracker& goal, const Turn (&turns)[N]) {
    std::vector<double> drift;
    for (const Turn& turn : turns)
        drift.push_back(goal.observe(turn.user, turn.answer).drift);
    return drift;
}

bool all_below(const std::vector<double>& drift, double limit) {
    return std::all_of(drift.begin(), drift.end(), [limit](double at) { return at < limit; });
}

std::vector<ToolCallPart> calls(std::initializer_list<std::pair<const char*, const char*>> made) {
    std::vector<ToolCallPart> all;
    for (const auto& [name, arguments] : made)
        all.emplace_back("call_" + std::to_string(all.size()), name, arguments);
    return all;
}

std::string loop_after(GoalTracker& goal, std::initializer_list<std::pair<const char*, const char*>> made) {
    const GoalState state = goal.observe("", "", calls(made));
    BOOST_TEST(state.loop_detected == !state.loop.empty());
    return state.loop;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(goals)

BOOST_AUTO_TEST_CASE(a_conversation_on_its_topic_does_not_drift) {
    const auto drift_of = [](const auto& turns) {
        GoalTracker goal;
        return run(goal, turns);
    };
    BOOST_TEST(all_below(drift_of(kJapan), 0.4));
    BOOST_TEST(all_below(drift_of(kCake), 0.4));
    BOOST_TEST(all_below(drift_of(kBug), 0.4));
    BOOST_TEST(all_below(drift_of(kPoem), 0.4));
    BOOST_TEST(all_below(drift_of(kGerman), 0.4));
    BOOST_TEST(all_below(drift_of(kJapanese), 0.4));
    BOOST_TEST(all_below(drift_of(kOrder), 0.4));
    BOOST_TEST(all_below(drift_of(kDatabase), 0.4));
    BOOST_TEST(all_below(drift_of(kFrench), 0.4));
}

BOOST_AUTO_TEST_CASE(another_topic_drifts_within_two_turns_and_coming_back_ends_it) {
    const auto check = [](const auto& topic, const auto& other, const auto& back) {
        GoalTracker goal;
        BOOST_TEST(all_below(run(goal, topic), 0.4));
        const std::vector<double> away = run(goal, other);
        BOOST_TEST(away[1] > 0.4);
        BOOST_TEST(!all_below(away, 0.4));
        BOOST_TEST(goal.state().drifting);
        const std::vector<double> again = run(goal, back);
        BOOST_TEST(again[1] < 0.4);
        BOOST_TEST(again.back() < 0.4);
        BOOST_TEST(!goal.state().drifting);
    };
    check(kJapan, kCake, kBack);
    check(kBug, kPoem, kBug);
    check(kBug, kJapan, kBug);
    check(kPoem, kBug, kPoem);
    check(kCake, kJapan, kCake);
    check(kGerman, kGermanAway, kGerman);
    check(kJapanese, kJapaneseAway, kJapanese);
    check(kOrder, kPoem, kOrder);
    check(kDatabase, kBug, kDatabase);
    check(kFrench, kDatabase, kFrench);
}

BOOST_AUTO_TEST_CASE(a_topic_that_is_left_for_long_is_still_left) {
    GoalTracker goal;
    run(goal, kJapan);
    for (int round = 0; round < 20; ++round)
        run(goal, kBug);
    BOOST_TEST(goal.state().drift > 0.9);
}

BOOST_AUTO_TEST_CASE(a_goal_that_was_given_counts_and_not_the_first_message) {
    GoalTracker shop;
    shop.set_goal(
        "You are the assistant of an online shop for lamps. Answer questions about orders, deliveries, "
        "returns "
        "and refunds, and recommend lamps.");
    BOOST_TEST(all_below(run(shop, kOrder), 0.4));
    run(shop, kCake);
    BOOST_TEST(shop.state().drift > 0.4);

    GoalTracker recipes;
    recipes.set_goal("Recipes for cakes, pies and bread: dough, butter, eggs, oven.");
    BOOST_TEST(run(recipes, kOrder)[0] > 0.4);
}

BOOST_AUTO_TEST_CASE(without_a_goal_there_is_neither_progress_nor_drift) {
    GoalTracker greeting;
    for (const char* small_talk : {"Hi!", "How are you?", "...", "", "\xF0\x9F\x98\x80"}) {
        const GoalState state =
            greeting.observe(small_talk, "Hello, how can I help you with your tomato plants?");
        BOOST_TEST(state.drift == 0.0);
        BOOST_TEST(state.progress == 0.0);
    }
    // The first text that says something is the goal.
    BOOST_TEST(greeting.observe(kJapan[0].user, kJapan[0].answer).progress > 0.3);

    GoalTracker none;
    none.set_goal("");
    for (const Turn& turn : kJapan) {
        const GoalState state = none.observe(turn.user, turn.answer);
        BOOST_TEST(state.drift == 0.0);
        BOOST_TEST(state.progress == 0.0);
    }
}

BOOST_AUTO_TEST_CASE(progress_grows_with_the_parts_of_the_goal_and_never_falls) {
    GoalTracker goal;
    goal.set_goal("Compare train tickets; reserve a hostel; write the invitation.");
    const auto after = [&goal](const char* user, const char* answer) {
        return goal.observe(user, answer).progress;
    };
    BOOST_TEST(after("Let us begin: trains, hostel, invitation.", "") ==
               0.0);  // it is the answers that count
    const double first =
        after("Begin.", "I compared the tickets of three trains, the night train is cheapest.");
    BOOST_TEST(first > 0.3);
    BOOST_TEST(first < 0.4);
    BOOST_TEST(after("A joke, please.", "A penguin walks into a bar.") == first);
    const double second =
        goal.observe("Go on.", "", calls({{"reserve_hostel", R"({"city":"Ghent"})"}})).progress;
    BOOST_TEST(second > 0.6);
    BOOST_TEST(second < 0.7);
    BOOST_TEST(after("And the rest.", "The invitation is written.") > second);
    goal.set_goal("Paint the fence.");
    BOOST_TEST(goal.state().progress == 0.0);
    BOOST_TEST(after("How?", "Sand the fence, then paint it.") == 1.0);
}

BOOST_AUTO_TEST_CASE(turns_without_content_change_nothing) {
    GoalTracker goal;
    run(goal, kJapan);
    run(goal, kCake);
    const double before = goal.state().drift;
    BOOST_TEST(goal.observe("ok, thanks", "You're welcome!").drift == before);
}

BOOST_AUTO_TEST_CASE(memory_says_how_much_the_turns_before_count) {
    GoalOptions options;
    options.memory = 0;
    GoalTracker forgetful(options);
    run(forgetful, kJapan);
    BOOST_TEST(run(forgetful, kCake)[0] > 0.8);
    BOOST_TEST(run(forgetful, kBack)[0] < 0.2);
    options.memory = 0.9;
    GoalTracker slow(options);
    run(slow, kJapan);
    BOOST_TEST(run(slow, kCake)[0] < 0.4);
}

BOOST_AUTO_TEST_CASE(the_same_answer_again_and_again_is_a_loop) {
    GoalTracker goal;
    const auto answer = [&goal](const char* text) { return goal.observe("And now?", text).loop; };
    BOOST_TEST(answer("I need to check the file.") == "");
    BOOST_TEST(answer("I need to check  the file") == "");
    BOOST_TEST(answer("I NEED TO CHECK THE FILE!") == "repeated_answer");
    BOOST_TEST(goal.state().loop_detected);
    BOOST_TEST(answer("I need to check the file.") == "repeated_answer");
    BOOST_TEST(answer("Here it is.") == "");
    BOOST_TEST(!goal.state().loop_detected);
    BOOST_TEST(answer("") == "");
    BOOST_TEST(answer("?!") == "");
    BOOST_TEST(answer("...") == "");
    BOOST_TEST(answer("") == "");
}

BOOST_AUTO_TEST_CASE(the_same_call_again_and_again_is_a_loop_however_its_arguments_are_written) {
    GoalTracker goal;
    BOOST_TEST(loop_after(goal, {{"search", R"({"query":"x","limit":5})"}}) == "");
    BOOST_TEST(loop_after(goal, {{"search", R"({ "limit": 5, "query": "x" })"}}) == "");
    BOOST_TEST(loop_after(goal, {{"search", R"({"limit":5.0,"query":"\u0078"})"}}) == "repeated_tool_call");
    BOOST_TEST(loop_after(goal, {{"search", R"({"query":"y","limit":5})"}}) == "");
    BOOST_TEST(loop_after(goal, {{"find", R"({"query":"y","limit":5})"}}) == "");

    BOOST_TEST(loop_after(goal, {{"now", ""}, {"now", "{}"}, {"now", " "}, {"later", ""}}) ==
               "repeated_tool_call");
    BOOST_TEST(loop_after(goal, {{"f", "{\"cut"}, {"f", "{\"cut"}, {"f", "{\"cut"}}) == "repeated_tool_call");
}

BOOST_AUTO_TEST_CASE(a_short_cycle_of_calls_is_a_loop) {
    GoalTracker goal;
    BOOST_TEST(loop_after(goal, {{"read", "1"}, {"write", "1"}, {"read", "1"}, {"write", "1"}}) == "");
    BOOST_TEST(loop_after(goal, {{"read", "1"}}) == "");
    BOOST_TEST(loop_after(goal, {{"write", "1"}}) == "tool_call_cycle");
    BOOST_TEST(loop_after(goal, {{"read", "2"}}) == "");

    GoalOptions options;
    options.repeats = 2;
    options.max_cycle = 1;
    GoalTracker short_sighted(options);
    BOOST_TEST(loop_after(short_sighted, {{"a", ""}, {"b", ""}, {"a", ""}, {"b", ""}}) == "");
    BOOST_TEST(loop_after(short_sighted, {{"b", ""}}) == "repeated_tool_call");
}

BOOST_AUTO_TEST_CASE(huge_texts_and_arguments_are_looked_at_in_part) {
    const std::string flood(std::size_t{1} << 20, 'x');
    GoalTracker goal;
    for (int turn = 0; turn < 3; ++turn) {
        std::vector<ToolCallPart> huge;
        huge.emplace_back("id", "store", R"({"text":")" + flood + R"("})");
        const GoalState state =
            goal.observe(kJapan[0].user, std::string(kJapan[0].answer) + " " + flood, huge);
        BOOST_TEST(state.drift < 0.4);
        BOOST_TEST(state.loop == (turn < 2 ? "" : "repeated_tool_call"));
    }
    // The same beginning, and more behind it: not the same answer.
    GoalTracker growing;
    for (std::size_t turn = 0; turn < 4; ++turn)
        BOOST_TEST(growing.observe("More.", flood + std::string(turn, 'y')).loop == "");
}

BOOST_AUTO_TEST_CASE(a_small_memory_still_knows_the_topic) {
    GoalOptions options;
    options.max_goal_words = 4;
    options.max_vocabulary = 8;
    options.max_text = 64;
    GoalTracker goal(options);
    for (int round = 0; round < 50; ++round)
        run(goal, kOrder);
    BOOST_TEST(goal.state().drift < 0.4);
    run(goal, kCake);
    BOOST_TEST(goal.state().drift > 0.4);
}

BOOST_AUTO_TEST_CASE(trackers_do_not_share_and_may_be_moved) {
    GoalTracker first;
    GoalTracker second;
    run(first, kJapan);
    run(second, kBug);
    run(second, kPoem);
    BOOST_TEST(first.state().drift < 0.4);
    GoalTracker moved = std::move(second);
    BOOST_TEST(moved.state().drift > 0.4);
    first = std::move(moved);
    BOOST_TEST(run(first, kBug).back() < 0.4);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_by_name) {
    const auto refused = [](auto change, const std::string& name) {
        GoalOptions options;
        change(options);
        BOOST_CHECK_EXCEPTION(GoalTracker{options}, std::invalid_argument,
                              [&](const std::invalid_argument& error) {
                                  return std::string(error.what()).find(name + ":") == 0;
                              });
    };
    const double no_number = std::nan("");
    refused([&](GoalOptions& o) { o.drift_threshold = no_number; }, "drift_threshold");
    refused([](GoalOptions& o) { o.drift_threshold = 1; }, "drift_threshold");
    refused([](GoalOptions& o) { o.memory = 1; }, "memory");
    refused([](GoalOptions& o) { o.memory = -0.1; }, "memory");
    refused([](GoalOptions& o) { o.related_share = 0.05; }, "related_share");
    refused([&](GoalOptions& o) { o.related_share = no_number; }, "related_share");
    refused([](GoalOptions& o) { o.max_text = 63; }, "max_text");
    refused([](GoalOptions& o) { o.max_goal_words = 0; }, "max_goal_words");
    refused([](GoalOptions& o) { o.max_vocabulary = 0; }, "max_vocabulary");
    refused([](GoalOptions& o) { o.repeats = 1; }, "repeats");
    refused([](GoalOptions& o) { o.repeats = 101; }, "repeats");
    refused([](GoalOptions& o) { o.max_cycle = 0; }, "max_cycle");
    refused([](GoalOptions& o) { o.max_cycle = 33; }, "max_cycle");
}

BOOST_AUTO_TEST_CASE(any_bytes_are_safe_and_measures_stay_within_their_bounds) {
    std::mt19937 random(7);
    const auto bytes = [&random](std::size_t most) {
        std::string text;
        for (std::size_t size = random() % most; size > 0; --size)
            text += static_cast<char>(random() % 3 == 0 ? random() % 256 : 'a' + random() % 4);
        return text;
    };
    for (int session = 0; session < 50; ++session) {
        GoalOptions options;
        options.max_text = 64 + random() % 64;
        options.max_vocabulary = 1 + random() % 20;
        GoalTracker goal(options);
        double progress = 0;
        for (int turn = 0; turn < 40; ++turn) {
            if (random() % 30 == 0) {
                goal.set_goal(bytes(100));
                progress = 0;
            }
            std::vector<ToolCallPart> made;
            for (std::size_t count = random() % 4; count > 0; --count)
                made.emplace_back(bytes(4), bytes(3), bytes(20));
            const GoalState state = goal.observe(bytes(100), bytes(300), made);
            BOOST_REQUIRE(state.drift >= 0);
            BOOST_REQUIRE(state.drift <= 1);
            BOOST_REQUIRE(state.progress >= progress);
            BOOST_REQUIRE(state.progress <= 1);
            progress = state.progress;
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
