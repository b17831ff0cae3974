"""Two hundred files, in twenty encodings, without a mark where the encoding has none."""

import pytest

#: The same instructions for a pump, about 200 characters in most languages.
TEXTS = {
    "ru": (
        "Насос подаёт воду в систему охлаждения. Перед запуском проверьте уровень масла и"
        " затяжку болтов. Если давление падает, остановите двигатель и обратитесь в "
        "сервисный центр. Журнал осмотра ведёт дежурный механик; запись делается после "
        "каждой смены."
    ),
    "uk": (
        "Перед запуском перевірте рівень мастила. Якщо тиск падає, зупиніть її двигун і "
        "зверніться до майстра. Журнал огляду веде черговий механік; запис роблять після "
        "кожної зміни, її підписують двоє."
    ),
    "fr": (
        "Le système démarre après l'arrêt complet. Vérifiez la température à froid et le "
        "niveau d'huile. Si la pression baisse, arrêtez le moteur et prévenez l'atelier; "
        "le mécanicien de garde écrit dans le registre après chaque relève."
    ),
    "de": (
        "Größere Schäden an der Öldruckleitung sind täglich zu prüfen und zu melden. Vor "
        "dem Anlaufen den Ölstand prüfen. Fällt der Druck, wird der Motor abgestellt und "
        "die Werkstatt verständigt."
    ),
    "es": (
        "La bomba envía agua al sistema de refrigeración. Antes de la puesta en marcha "
        "compruebe el nivel de aceite y los tornillos. Si la presión baja, pare el motor "
        "y avise al taller mañana mismo. ¿Quién firma el registro?"
    ),
    "pl": (
        "Przed uruchomieniem sprawdź poziom oleju i dokręcenie śrub. Jeśli ciśnienie "
        "spada, zatrzymaj silnik i zawiadom warsztat. Dziennik przeglądów prowadzi "
        "dyżurny mechanik; wpis powstaje po każdej zmianie."
    ),
    "cs": (
        "Před spuštěním zkontrolujte hladinu oleje a utažení šroubů. Pokud tlak klesá, "
        "zastavte motor a zavolejte do dílny. Knihu prohlídek vede službu konající "
        "mechanik; zápis se dělá po každé směně."
    ),
    "hu": (
        "A szivattyú vizet juttat a hűtőrendszerbe. Indítás előtt ellenőrizze az "
        "olajszintet és a csavarok meghúzását. Ha a nyomás csökken, állítsa le a motort, "
        "és értesítse a műhelyt."
    ),
    "el": (
        "Η αντλία τροφοδοτεί με νερό το σύστημα ψύξης. Πριν από την εκκίνηση ελέγξτε τη "
        "στάθμη του λαδιού και το σφίξιμο των κοχλιών. Αν η πίεση πέσει, σταματήστε τον "
        "κινητήρα και ειδοποιήστε το συνεργείο."
    ),
    "tr": (
        "Pompa soğutma sistemine su verir. Çalıştırmadan önce yağ seviyesini ve "
        "cıvataların sıkılığını kontrol edin. Basınç düşerse motoru durdurun ve atölyeye "
        "haber verin. Bakım defterini nöbetçi usta tutar."
    ),
    "he": (
        "המשאבה מספקת מים למערכת הקירור. לפני ההפעלה יש לבדוק את מפלס השמן ואת הידוק "
        "הברגים. אם הלחץ יורד, יש לעצור את המנוע ולפנות לבית המלאכה. את יומן הבדיקות מנהל"
        " המכונאי התורן."
    ),
    "ar": (
        "تزود المضخة نظام التبريد بالماء. قبل التشغيل تحقق من مستوى الزيت ومن شد البراغي."
        " إذا انخفض الضغط فأوقف المحرك واتصل بالورشة. يكتب الميكانيكي المناوب في سجل "
        "الفحص بعد كل نوبة عمل."
    ),
    "lt": (
        "Siurblys tiekia vandenį į aušinimo sistemą. Prieš paleisdami patikrinkite alyvos"
        " lygį ir varžtų priveržimą. Jei slėgis krenta, sustabdykite variklį ir "
        "praneškite dirbtuvėms. Žurnalą pildo budintis mechanikas."
    ),
    "th": (
        "ปั๊มจ่ายน้ำให้ระบบหล่อเย็น "
        "ก่อนเริ่มเดินเครื่องให้ตรวจระดับน้ำมันและการขันสลักเกลียว "
        "ถ้าความดันลดลงให้หยุดเครื่องยนต์และแจ้งโรงซ่อม "
        "ช่างเวรบันทึกผลการตรวจหลังเลิกงานทุกครั้ง"
    ),
    "ja": (
        "ポンプは冷却システムに水を供給します。起動する前に、油量とボルトを確認してください。圧力"
        "が下がったら、エンジンを止めて修理工場に連絡します。点検記録は当番の整備士が交代のたびに"
        "書きます。"
    ),
    "zh": (
        "水泵向冷却系统供水。启动前请检查油位和螺栓的紧固情况。如果压力下降，请停止发动机并通知维"
        "修车间。检查记录由值班技师在每次交班后填写，并由两人签字确认。"
    ),
    "zt": (
        "水泵向冷卻系統供水。啟動前請檢查油位和螺栓的緊固情況。如果壓力下降，請停止引擎並通知維修"
        "廠。檢查紀錄由值班技師在每次交班後填寫，並由兩人簽名確認。"
    ),
    "ko": (
        "펌프는 냉각 시스템에 물을 공급합니다. 시작하기 전에 오일 레벨과 볼트 조임을 "
        "확인하십시오. 압력이 떨어지면 엔진을 멈추고 정비소에 알리십시오. 점검 일지는 "
        "당직 정비사가 교대할 때마다 씁니다."
    ),
}
_ALL = ("ru", "fr", "de", "pl", "el", "he", "ar", "ja", "zh", "ko")
#: Which languages are written in it; where there are fewer than ten, more passages of each.
LANGUAGES = {
    **dict.fromkeys(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"), _ALL),
    "cp1251": ("ru", "uk"),
    "koi8-u": ("ru", "uk"),
    "cp866": ("ru",),
    "cp1252": ("fr", "de", "es"),
    "cp1250": ("pl", "cs", "hu"),
    "iso8859-2": ("pl", "cs", "hu"),
    "cp1253": ("el",),
    "cp1254": ("tr",),
    "cp1255": ("he",),
    "cp1256": ("ar",),
    "cp1257": ("lt",),
    "cp874": ("th",),
    "shift_jis": ("ja",),
    "gb18030": ("zh",),
    "big5": ("zt",),
    "euc-kr": ("ko",),
}
_LENGTHS = (40, 60, 80, 100, 120, 150, 200, 50, 70, 90)


def _passages(encoding: str) -> list[str]:
    """Ten texts that the encoding can hold, of 40 to 200 characters and one of 20,000."""
    languages = LANGUAGES[encoding]
    texts: list[str] = []
    for number, length in enumerate(_LENGTHS):
        words = TEXTS[languages[number % len(languages)]]
        start = 7 * (number // len(languages)) % 40
        texts.append(words[start : start + length].strip())
    return [*texts[:-1], " ".join([texts[-1]] * (20_000 // len(texts[-1])))]


@pytest.mark.parametrize("encoding", LANGUAGES)
def test_file_is_decoded_to_its_text(read, encoding):
    """All but three letters of Lithuanian, which may be Icelandic: they are a row."""
    refused = 0
    for number, text in enumerate(_passages(encoding)):
        [record] = read(f"{number}.txt", text.encode(encoding))
        refused += record.parse_status == "failed"
        assert record.text in (text, "")
    assert refused == (encoding == "cp1257")


@pytest.mark.parametrize("encoding", LANGUAGES)
def test_passage_of_a_sentence_is_never_taken_for_another(read, encoding):
    """Two or three letters do not always decide; then the row says so, and nothing is misread."""
    refused = 0
    for language in LANGUAGES[encoding]:
        words = TEXTS[language]
        for start in range(0, min(len(words) - 40, 100), 11):
            text = words[start : start + 50].strip()
            [record] = read("a.txt", text.encode(encoding))
            refused += record.parse_status == "failed"
            assert record.text in (text, "")
            assert record.text or "save it as UTF-8" in record.parse_error
    assert refused <= 3 * len(LANGUAGES[encoding])


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "cp1253", "cp1255", "cp1252"])
def test_text_in_capitals_is_not_taken_for_another_page(read, encoding):
    language = {"cp1253": "el", "cp1255": "he", "cp1252": "fr"}.get(encoding, "ru")
    text = TEXTS[language].upper()
    assert read("a.txt", text.encode(encoding))[0].text == text


def test_what_no_language_is_written_in_is_refused(read):
    [record] = read(
        "a.txt", "d\x8emarre apr\x8fs l'arr\x90t \xf0\xf7 \xb5\xde\xfe".encode("latin-1")
    )
    assert record.parse_status == "failed"
    assert "save it as UTF-8" in record.parse_error
