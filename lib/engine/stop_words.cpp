#include "engine/stop_words.hpp"

#include <algorithm>
#include <array>

namespace sluice::engine {
namespace {

// In the order of their bytes, a space behind each.
constexpr std::string_view kText =
    "aber able about above across actually add after again against ago ahora ain al algo algunos "
    "all almost alone along alors already als also although always am among an and another "
    "answer answers ante antes any anybody anymore anyone anything anyway anywhere ao aos apart "
    "après aquí are aren around as ask asked asking así at até au auch aucun auf aunque aus "
    "aussi autre aux available avant avec avez avoir avons away back basically be became because "
    "become becomes been before began begin behind bei beim being believe below best better "
    "between beyond bien big bin bis bist bit bitte bonjour both bring but by bye cada call "
    "called came can cannot case ce cela certain certainly ces cet cette ceux change chaque che "
    "check chez chi choose ci clear clearly com come comes coming comme comment como con "
    "consider contra cosa così could couldn course cual cuando currently cuál cuándo cómo da "
    "dabei dal dalla damit danke dann dans das dass day days de dear definitely dei dein deine "
    "del della delle dem den denn depend depends depois depuis der des describe desde despite "
    "detail details di dich did didn dies diese diesem diesen dieser dieses different dir do "
    "doch does doesn doing don donc donde done dort dos dove down du durch during dónde each "
    "easily easy ed effect ein eine einem einen einer eines either el ela eles ella ellas elle "
    "elles ellos else em en encore end enough entre er era es esa ese eso especially essa esse "
    "essere est esta estas esto estos estoy está están et etc etwas eu euch euer even ever every "
    "everybody everyone everything everywhere exact exactly example except explain explained "
    "fact faire fait far faut feel few find fine first five foi follow following follows for "
    "found four from fue full further für gave gegen general generally get gets getting gibt "
    "give given gives giving glad gli go goes going gone good got gotten gracias grazie great ha "
    "hab habe haben hace hacer hacia had hadn half hallo hanno happen happens happy hard has "
    "hasn hast hasta hat hatte have haven having hay he hello help helped helpful helping helps "
    "hence her here hers herself hey hi hier him himself hinter his ho hola hope how however ich "
    "ici idea if ihm ihn ihnen ihr ihre il ils immer important in include includes including "
    "indeed ins inside instead into io is isn isso ist it its itself ja je jede jeden jeder "
    "jetzt jusqu just já kann kannst keep keeps kein keine kind knew know known knows können "
    "könnte könnten la large las last later le least left les less let lets leur leurs lhe like "
    "likely little ll lo long look looking looks loro los lot lots lui ma machen made main "
    "mainly mais make makes making mal many mas matter may maybe me mean means meant mehr mein "
    "meine merci mes meu mi mia mich might mind mine minha mio mir mis mit moi moins moment mon "
    "more most mostly much mucho muito muss must muy my myself más même möchte müssen na nach "
    "nada name nas ne near nearly need needed needs neither nel nella nem never new next ni nice "
    "nicht nichts no nobody noch noi non none nor nos nosotros not note nothing notre nous now "
    "num numa number nun nur não ob obrigado oder of off often oh ohne ok okay old on once onde "
    "one ones only onto open option options or os other others otherwise otra otro ou ought our "
    "ours ourselves out over own où par para part particular particularly pas pela pelo per "
    "perché perhaps pero peut peux più place please plus poco pode point por porque possible "
    "possibly pour pourquoi probably provide provides puede puedo puis put può qu quale quand "
    "quando que quel quelle quelles quello quels quem questa question questo qui quick quickly "
    "quien quiero quite quién quoi qué rather re read ready real really reason recommend "
    "regarding right sa said same sans saw say saying says schon se sea second see seem seems "
    "seen según sehr sei sein seine selbst self sem sense ser ses set seu several shall she "
    "should shouldn show shows si sich sie similar simple simply since sind sino sir so sobre "
    "soit soll sollte some somebody someone something sometimes somewhere son sondern sono sont "
    "soon sorry sous sowie soy start started starting step steps still stop su sua such suggest "
    "suo sur sure sus são sí ta take taken takes taking talk también também tan te tell tem ten "
    "tengo ter tes than thank thanks that the their theirs them themselves then there therefore "
    "these they thing things think this those though thought three through throughout thus ti "
    "tiene time times to today todo todos together toi told tomorrow ton too took top tous toute "
    "toutes toward towards tra tried tries true try trying très tu turn tus two type typically "
    "um uma un una und under une unless uno uns unser unter until up upon us use used useful "
    "user uses using usted usual usually various ve very vi via você vocês voglio vom von vor "
    "vorrei vos votre voudrais vous want wanted wants warum was wasn way ways we weil weiter "
    "welche welcome well wenn went werde werden were weren what whatever when whenever where "
    "wherever whether which while who whole whom whose why wie wieder will wir wird wirst wish "
    "with within without wo won word words work worked working works would wouldn write wrong "
    "wurde würde würden ya yeah year yes yesterday yet yo you your yours yourself yourselves zu "
    "zum zur zwischen è él était été être über ";

constexpr std::size_t kCount = static_cast<std::size_t>(std::count(kText.begin(), kText.end(), ' '));

constexpr std::array<std::string_view, kCount> kWords = [] {
    std::array<std::string_view, kCount> words;
    std::string_view rest = kText;
    for (std::string_view& word : words) {
        word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(word.size() + 1);
    }
    return words;
}();
static_assert(std::is_sorted(kWords.begin(), kWords.end()));

}  // namespace

bool is_stop_word(std::string_view word) noexcept {
    return std::binary_search(kWords.begin(), kWords.end(), word);
}

}  // namespace sluice::engine
