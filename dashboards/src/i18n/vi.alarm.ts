// Texts beside the trend of an alarm, in Vietnamese. AlarmTrend.tsx adds them.
export const viAlarm = {
  "alarm.waited": "chờ {span}",
  "alarm.raisedAtOnce": "Báo ngay khi xảy ra.",
  "alarm.raisedAfter": "Chỉ báo khi kéo dài liên tục {span}.",
  "alarm.endsAtOnce": "Hết ngay khi trở lại bình thường.",
  "alarm.endsAfter": "Chỉ hết khi đã bình thường liên tục {span}.",
};
