/* What Windows Installer itself understands of a command line: C:\lines.txt holds one a line (UTF-16LE, LF), and
 * C:\read.txt gets, for each, the properties that C:\probe.msi was told, with tabs between them; or the error's number. */
#include <windows.h>
#include <msi.h>
#include <stdio.h>
#include <stdlib.h>

static const wchar_t *names[] = {L"IMD_TOKEN_FILE", L"IMD_TOKEN", L"IMD_SERVERS", L"IMD_PROXY"};

int main(void) {
    FILE *from = fopen("C:\\lines.txt", "rb"), *to = fopen("C:\\read.txt", "wb");
    if (!from || !to) return 2;
    fseek(from, 0, SEEK_END);
    long length = ftell(from);
    rewind(from);
    wchar_t *text = calloc(length / 2 + 1, 2);
    if (fread(text, 1, length, from) != (size_t)length) return 2;
    MsiSetInternalUI(INSTALLUILEVEL_NONE, NULL);
    for (wchar_t *line = text, *end; (end = wcschr(line, L'\n')); line = end + 1) {
        *end = 0;
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\imd\\probe");
        UINT failed = MsiInstallProductW(L"C:\\probe.msi", line);
        if (failed) {
            wchar_t said[32];
            swprintf(said, 32, L"error %u", failed);
            fwrite(said, 2, wcslen(said), to);
        } else {
            for (int at = 0; at < 4; at++) {
                static wchar_t value[65536];
                DWORD size = sizeof value;
                value[0] = 0;
                RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\imd\\probe", names[at], RRF_RT_REG_SZ, NULL, value, &size);
                /* The first character only keeps the installer from taking a # for a number. */
                if (value[0]) fwrite(value + 1, 2, wcslen(value + 1), to);
                fwrite(L"\t", 2, 1, to);
            }
        }
        fwrite(L"\n", 2, 1, to);
    }
    return fclose(to) ? 2 : 0;
}
