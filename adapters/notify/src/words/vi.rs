//! The words in Vietnamese. Polite and without jargon; the dashboard uses the same for the same things.

use super::Words;

pub(super) const WORDS: Words = Words {
    priorities: ["Mức thấp", "Mức trung bình", "Mức cao", "Nghiêm trọng"],
    raised: "Cảnh báo",
    reminded: "Nhắc lại, chưa ai nhận biết",
    escalated: "Chưa ai nhận biết",
    returned: "Đã trở lại bình thường",
    greeting: |name| format!("Kính gửi {name},"),
    many: |count| format!("{count} cảnh báo"),
    more: |count| format!("và {count} tin khác, xem trên trang của hệ thống"),
    since: "Bắt đầu",
    until: "Kết thúc",
    value: "Giá trị",
    clause: "Căn cứ",
    runbook: "Việc cần làm",
    look: "Xem chi tiết",
    acknowledge: "Nhận biết cảnh báo",
    all: "Xem tất cả cảnh báo",
    sent_by: |commune, time| format!("Tin tự động của hệ thống giám sát {commune}, lúc {time}."),
    test_subject: "Tin thử",
    test_text: "Đây là tin thử. Nhận được tin này nghĩa là kênh báo tin hoạt động tốt; không cần làm gì thêm.",
};
