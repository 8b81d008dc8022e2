#include "gateway/http_head.hpp"

#include "wire/http_reply.hpp"

#include <string>

namespace sluice::gateway {
bool has_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

void append_head(std::string& out, int status, std::string_view content_type, const HeaderFields& headers) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\nServer: sluice\r\n";
    } else {
        out += "HTTP/1.1 ";
        out += std::to_string(status);
        out += ' ';
        out += wire::reason_phrase(status);
        out += "\r\nServer: sluice\r\n";
    }
    std::string changed;
    if (!content_type.empty())
        out.append("Content-Type: ").append(one_line(content_type, changed)).append("\r\n");
    out.append(headers.lines());
}

}  // namespace sluice::gateway
