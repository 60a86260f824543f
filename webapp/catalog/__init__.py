"""The example app: suppliers and products. Replace it by your own with the setting `APPS`."""
