#include "gateway/word_lists.hpp"

#include <algorithm>
#include <array>

// Short on purpose: words that are rarely innocent, and phrases where one word alone would be. Who needs more
// brings a list of their own.
namespace sluice::gateway {
namespace {

constexpr std::array<std::string_view, 31> kHate{"white power",
                                                 "white supremacy",
                                                 "race war",
                                                 "master race",
                                                 "racial purity",
                                                 "ethnic cleansing",
                                                 "heil hitler",
                                                 "sieg heil",
                                                 "gas the jews",
                                                 "untermensch*",
                                                 "subhumans",
                                                 "race traitor*",
                                                 "great replacement",
                                                 "go back to africa",
                                                 "death to all jews",
                                                 "death to jews",
                                                 "death to muslims",
                                                 "death to christians",
                                                 "death to gays",
                                                 "kill all jews",
                                                 "kill all muslims",
                                                 "kill all christians",
                                                 "kill all gays",
                                                 "kill all immigrants",
                                                 "kill all women",
                                                 "holocaust is a lie",
                                                 "nigger*",
                                                 "faggot*",
                                                 "kike*",
                                                 "raghead*",
                                                 "wetback*"};

constexpr std::array<std::string_view, 37> kViolence{
    "murder",           "murders",         "murdering",     "murdered",
    "massacre*",        "slaughter them",  "behead*",       "decapitat*",
    "dismember*",       "disembowel*",     "lynch",         "lynched",
    "lynching",         "assassinat*",     "torture him",   "torture her",
    "torture them",     "kill him",        "kill her",      "kill them",
    "kill you",         "kill someone",    "kill somebody", "kill people",
    "kill my wife",     "kill my husband", "stab him",      "stab her",
    "stab someone",     "strangle him",    "strangle her",  "shoot up",
    "school shooting*", "mass shooting*",  "bomb threat*",  "terrorist attack*",
    "beat her up"};

constexpr std::array<std::string_view, 24> kHarassment{"you are worthless",
                                                       "you're worthless",
                                                       "you are pathetic",
                                                       "you're pathetic",
                                                       "you are disgusting",
                                                       "you're disgusting",
                                                       "nobody likes you",
                                                       "no one likes you",
                                                       "everyone hates you",
                                                       "you should die",
                                                       "you deserve to die",
                                                       "drop dead",
                                                       "i will find you",
                                                       "i'll find you",
                                                       "i know where you live",
                                                       "i am watching you",
                                                       "i will ruin your life",
                                                       "doxx*",
                                                       "stupid bitch",
                                                       "dumb bitch",
                                                       "fat pig",
                                                       "ugly pig",
                                                       "swatting",
                                                       "revenge porn"};

constexpr std::array<std::string_view, 28> kSelfHarm{
    "suicide",          "suicidal",       "kill myself",      "killing myself",  "kill yourself",
    "hang myself",      "hang yourself",  "shoot myself",     "cut myself",      "cutting myself",
    "cut yourself",     "slit my wrists", "slit your wrists", "end my life",     "ending my life",
    "take my own life", "want to die",    "wanna die",        "better off dead", "no reason to live",
    "self harm",        "self-harm",      "self harming",     "self-harming",    "hurt myself",
    "overdose on",      "pro-ana",        "thinspo*"};

constexpr std::array<std::string_view, 27> kSexual{
    "porn",      "porno",        "pornograph*",       "blowjob*",    "blow job*",    "handjob*",
    "hand job*", "cumshot*",     "deepthroat*",       "gangbang*",   "hentai",       "masturbat*",
    "orgasm*",   "send nudes",   "nude pics",         "nude photos", "nude selfie*", "sex tape*",
    "sexting",   "erotica",      "fetish porn",       "incest",      "bestiality",   "bdsm",
    "rape",      "rape fantasy", "child sexual abuse"};

constexpr std::array<std::string_view, 29> kWeapons{"pipe bomb*",
                                                    "make a bomb",
                                                    "build a bomb",
                                                    "making a bomb",
                                                    "building a bomb",
                                                    "bomb making",
                                                    "car bomb*",
                                                    "nail bomb*",
                                                    "dirty bomb*",
                                                    "suicide vest*",
                                                    "improvised explosive*",
                                                    "homemade explosive*",
                                                    "molotov*",
                                                    "ghost gun*",
                                                    "3d printed gun*",
                                                    "3d-printed gun*",
                                                    "untraceable gun*",
                                                    "auto sear*",
                                                    "bump stock*",
                                                    "gun silencer*",
                                                    "nerve agent*",
                                                    "nerve gas",
                                                    "mustard gas",
                                                    "chemical weapon*",
                                                    "biological weapon*",
                                                    "sarin",
                                                    "ricin",
                                                    "weaponized anthrax",
                                                    "weaponised anthrax"};

constexpr std::array<std::string_view, 30> kIllegal{
    "buy cocaine",          "buy heroin",          "buy meth",          "sell cocaine",
    "sell heroin",          "sell meth",           "cook meth",         "cooking meth",
    "synthesize meth*",     "synthesise meth*",    "make fentanyl",     "launder money",
    "money laundering",     "counterfeit money",   "counterfeit bills", "fake passport*",
    "forged passport*",     "stolen credit card*", "credit card dump*", "card skimmer*",
    "hire a hitman",        "hitman for hire",     "human trafficking", "smuggle people",
    "phishing kit*",        "write ransomware",    "build a botnet",    "ddos for hire",
    "forged prescription*", "tax evasion scheme*"};

constexpr std::array<std::string_view, 27> kProfanity{
    "fuck*",     "motherfuck*", "clusterfuck*", "shit",       "shits",    "shitty",   "shithead*",
    "bullshit*", "horseshit",   "asshole*",     "arsehole*",  "bitch",    "bitches",  "bastard*",
    "cunt*",     "dickhead*",   "dipshit*",     "douchebag*", "jackass*", "piss off", "pissed off",
    "prick",     "pricks",      "twat",         "twats",      "wanker*",  "goddamn*"};

constexpr std::array<WordList, 8> kLists{{
    {"hate", "Slurs, and calls to despise or harm people for what they are.", kHate},
    {"violence", "Threats and praise of violence, and its plainest words.", kViolence},
    {"harassment", "Insults and threats at the person who is spoken to.", kHarassment},
    {"self_harm", "Suicide and self-injury, asked about or urged.", kSelfHarm},
    {"sexual", "Explicit sexual content.", kSexual},
    {"weapons", "Making bombs, untraceable guns, and weapons of mass destruction.", kWeapons},
    {"illegal", "Drugs, fraud, and other crime as a trade.", kIllegal},
    {"profanity", "Swear words.", kProfanity},
}};

}  // namespace

std::span<const WordList> built_in_lists() noexcept {
    return kLists;
}

const WordList* find_built_in(std::string_view category) noexcept {
    const auto* found = std::find_if(kLists.begin(), kLists.end(),
                                     [&](const WordList& list) { return list.category == category; });
    return found != kLists.end() ? found : nullptr;
}

}  // namespace sluice::gateway
