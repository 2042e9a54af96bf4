"""An MQTT client by other hands (paho), against the hub's broker. Loopback only; exits with 1 and says why when something is off.

Arguments: port, protocol (3 or 5). Logs in as the pilot's access point, subscribes to its own device's topics, publishes a
retained status and telemetry at QoS 1, waits for the acknowledgements and for its own messages, and is refused a topic that
is not its own.
"""

import sys
import threading

import paho.mqtt.client as mqtt

PORT, PROTOCOL = int(sys.argv[1]), int(sys.argv[2])
OWN = "commune/v1/van-hoa-wifi/ap-01"
FOREIGN = "commune/v1/dong-bai-waste/gas/telemetry"
WITHIN_S = 10

connected, subscribed, done = threading.Event(), threading.Event(), threading.Event()
received, granted, refused = [], [], []


def on_connect(client, userdata, flags, reason, properties):
    if reason.is_failure:
        refused.append(str(reason))
    connected.set()


def on_subscribe(client, userdata, mid, reasons, properties):
    granted.extend(reasons)
    subscribed.set()


def on_message(client, userdata, message):
    received.append((message.topic, message.payload.decode(), message.retain))
    if len(received) >= 2:
        done.set()


def client_of(name, password):
    protocol = mqtt.MQTTv5 if PROTOCOL == 5 else mqtt.MQTTv311
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=protocol)
    client.username_pw_set("ap-01", password)
    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    return client


def check(fact, what):
    if not fact:
        sys.exit(f"{what}: received {received}, granted {granted}, refused {refused}")


client = client_of("paho", "ap-pilot-1")
client.connect("127.0.0.1", PORT)
client.loop_start()
check(connected.wait(WITHIN_S) and not refused, "not connected")

status = client.publish(f"{OWN}/status", "online", qos=1, retain=True)
status.wait_for_publish(WITHIN_S)
check(status.is_published(), "the status was not acknowledged")
client.subscribe([(f"{OWN}/#", 1), (FOREIGN, 1)])
check(subscribed.wait(WITHIN_S), "not subscribed")
check([reason.is_failure for reason in granted] == [False, True], "the wrong subscriptions were granted")

telemetry = client.publish(f"{OWN}/telemetry", '{"seq":1,"m":{"clients":21}}', qos=1)
telemetry.wait_for_publish(WITHIN_S)
check(telemetry.is_published(), "the telemetry was not acknowledged")
check(done.wait(WITHIN_S), "own messages did not come back")
check(received[0] == (f"{OWN}/status", "online", True), "the retained status is wrong")
check(received[1] == (f"{OWN}/telemetry", '{"seq":1,"m":{"clients":21}}', False), "the telemetry is wrong")
client.disconnect()
client.loop_stop()

connected.clear()
intruder = client_of("intruder", "guess")
intruder.connect("127.0.0.1", PORT)
intruder.loop_start()
check(connected.wait(WITHIN_S) and refused, "a wrong password was let in")
intruder.loop_stop()
