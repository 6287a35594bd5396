/// The page that shows a run, as the program carries it: what stands in Sources/CRunReport/page.

#ifndef CRUNREPORT_PAGE_H
#define CRUNREPORT_PAGE_H

#include <stddef.h>

/// Text without a NUL at its end.
struct poolmap_page_text {
    const char *bytes;
    size_t count;
};

/// report.html, with comments where the style, the data and the script go.
struct poolmap_page_text poolmap_page_html(void);

struct poolmap_page_text poolmap_page_style(void);

/// All scripts, one behind the other.
struct poolmap_page_text poolmap_page_script(void);

#endif
