module commune/peers/telegraf

go 1.26.3

require github.com/influxdata/telegraf v1.37.2
