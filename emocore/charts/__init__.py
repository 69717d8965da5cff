"""Turns tables into Plotly figures. Knows neither Streamlit nor files."""
