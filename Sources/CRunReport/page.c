#include "page.h"

#ifndef __has_embed
#error "#embed is needed, which the clang of Swift 6.2 and newer has"
#endif

// C23 has #embed; clang accepts it in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char html[] = {
#embed "page/report.html"
};

static const char style[] = {
#embed "page/report.css"
};

// In an order in which each file uses at load time only those before it.
static const char script[] = {
#embed "page/format.js" suffix(, )
#embed "page/data.js" suffix(, )
#embed "page/analysis.js" suffix(, )
#embed "page/canvas.js" suffix(, )
#embed "page/lanes.js" suffix(, )
#embed "page/curves.js" suffix(, )
#embed "page/map.js" suffix(, )
#embed "page/tables.js" suffix(, )
#embed "page/sections.js" suffix(, )
#embed "page/page.js"
};

struct poolmap_page_text poolmap_page_html(void) {
    return (struct poolmap_page_text){html, sizeof html};
}

struct poolmap_page_text poolmap_page_style(void) {
    return (struct poolmap_page_text){style, sizeof style};
}

struct poolmap_page_text poolmap_page_script(void) {
    return (struct poolmap_page_text){script, sizeof script};
}
